# Keycloak with our provider (token mapper and theme) built in. Context: the repository.
FROM maven:3.9-eclipse-temurin-21 AS provider
WORKDIR /provider
COPY idp_extension/provider/pom.xml .
RUN mvn --batch-mode --quiet dependency:go-offline
COPY idp_extension/provider/src src
RUN mvn --batch-mode --quiet package

FROM keycloak/keycloak:26.7.5 AS built
COPY --from=provider /provider/target/bdt-keycloak-provider.jar /opt/keycloak/providers/
RUN /opt/keycloak/bin/kc.sh build --db=postgres --health-enabled=true --metrics-enabled=true --features-disabled=account

FROM keycloak/keycloak:26.7.5
COPY --from=built /opt/keycloak/ /opt/keycloak/
ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]
CMD ["start", "--optimized"]
