# The onboarding service: portal, worker, mailbox and one-shot commands are the same image. Context: the repository.
FROM python:3.13-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements/server.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/server.txt
COPY pyproject.toml README.md LICENSE ./
COPY onboarding_api onboarding_api
COPY policies policies
COPY demo demo
COPY idp_extension idp_extension
COPY realm-config realm-config
COPY samples samples
# Editable, so that realm-config/ stays beside the packages as in a checkout.
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --create-home --uid 10001 bdt \
    && install --directory --owner=bdt /var/lib/bdt/letters /var/lib/bdt/mails
USER bdt
EXPOSE 8400
CMD ["gunicorn", "--bind", "0.0.0.0:8400", "--workers", "2", "--threads", "8", "onboarding_api:create_app()"]
