"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.Column("siren", sa.String(length=9), nullable=True),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("decision", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_actor_id", "journal", ["actor_id"], unique=False)
    op.create_index("ix_journal_siren", "journal", ["siren"], unique=False)
    op.create_index("ix_journal_subject", "journal", ["subject"], unique=False)
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("identifiant", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("civilite", sa.String(length=8), nullable=False),
        sa.Column("prenom", sa.String(length=80), nullable=False),
        sa.Column("nom", sa.String(length=80), nullable=False),
        sa.Column("keycloak_id", sa.String(length=36), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_person_email_ignores_case")),
        sa.CheckConstraint(
            "identifiant = lower(identifiant)", name=op.f("ck_person_identifiant_ignores_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
        sa.UniqueConstraint("identifiant", name=op.f("uq_person_identifiant")),
        sa.UniqueConstraint("keycloak_id", name=op.f("uq_person_keycloak_id")),
    )
    op.create_table(
        "structure",
        sa.Column("siren", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("bare_name", sa.String(length=120), nullable=False),
        sa.Column("insee", sa.String(length=5), nullable=True),
        sa.Column("departement", sa.String(length=3), nullable=False),
        sa.Column("departement_name", sa.String(length=60), nullable=False),
        sa.Column("postcodes", sa.JSON(), nullable=False),
        sa.Column("epci_siren", sa.String(length=9), nullable=True),
        sa.Column("epci_name", sa.String(length=120), nullable=True),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("former_names", sa.JSON(), nullable=False),
        sa.Column("code_tiers", sa.String(length=20), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("kc_group_id", sa.String(length=36), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name_key", sa.String(length=120), nullable=False),
        sa.Column("bare_name_key", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("siren", name=op.f("pk_structure")),
        sa.UniqueConstraint("code_tiers", name=op.f("uq_structure_code_tiers")),
        sa.UniqueConstraint("insee", name=op.f("uq_structure_insee")),
        sa.UniqueConstraint("kc_group_id", name=op.f("uq_structure_kc_group_id")),
    )
    op.create_table(
        "delivery",
        sa.Column("sequence", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("lane", sa.String(length=80), nullable=False),
        sa.Column("unique_key", sa.String(length=160), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("forgiven", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.String(length=36), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("journal_seq", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_delivery_journal_seq")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_delivery")),
        sa.UniqueConstraint("id", name=op.f("uq_delivery_id")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_delivery_unique_key")),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["due", "sequence"],
        unique=False,
        sqlite_where=sa.text("state IN ('open', 'sending')"),
        postgresql_where=sa.text("state IN ('open', 'sending')"),
    )
    op.create_index("ix_delivery_lane", "delivery", ["lane", "sequence"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("siren", sa.String(length=9), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("telephone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("fonction", sa.String(length=40), nullable=True),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.ForeignKeyConstraint(["siren"], ["structure.siren"], name=op.f("fk_membership_siren")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_siren", "membership", ["siren"], unique=False)
    op.create_index(
        "uq_membership_one_open_stay",
        "membership",
        ["person_id", "siren"],
        unique=True,
        sqlite_where=sa.text("state = 'attached'"),
        postgresql_where=sa.text("state = 'attached'"),
    )
    op.create_table(
        "service_group",
        sa.Column("siren", sa.String(length=9), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("kc_group_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["siren"], ["structure.siren"], name=op.f("fk_service_group_siren")),
        sa.PrimaryKeyConstraint("siren", "service", name=op.f("pk_service_group")),
        sa.UniqueConstraint("kc_group_id", name=op.f("uq_service_group_kc_group_id")),
    )
    op.create_table(
        "search_word",
        sa.Column(
            "word",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("siren", sa.String(length=9), nullable=False),
        sa.ForeignKeyConstraint(["siren"], ["structure.siren"], name=op.f("fk_search_word_siren")),
        sa.PrimaryKeyConstraint("word", "siren", name=op.f("pk_search_word")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_word_siren", "search_word", ["siren"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("keycloak_sid", sa.String(length=64), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_web_session_person_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_web_session")),
    )
    op.create_index("ix_web_session_keycloak_sid", "web_session", ["keycloak_sid"], unique=False)
    op.create_table(
        "administration",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("membership_id", sa.String(length=36), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.String(length=12), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_administration_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administration")),
    )
    op.create_index(
        "uq_administration_one_open_a_member",
        "administration",
        ["membership_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("membership_id", sa.String(length=36), nullable=False),
        sa.Column("siren", sa.String(length=9), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_claim_membership_id")),
        sa.ForeignKeyConstraint(["siren"], ["structure.siren"], name=op.f("fk_claim_siren")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("reference", name=op.f("uq_claim_reference")),
    )
    op.create_index(
        "uq_claim_one_open_a_structure",
        "claim",
        ["siren"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "terms_acceptance",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("membership_id", sa.String(length=36), nullable=False),
        sa.Column("espace", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_terms_acceptance_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_acceptance")),
        sa.UniqueConstraint(
            "membership_id",
            "espace",
            "version",
            name=op.f("uq_terms_acceptance_membership_id_espace_version"),
        ),
    )
    op.create_table(
        "habilitation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("membership_id", sa.String(length=36), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=True),
        sa.Column("motive", sa.String(length=500), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_habilitation_claim_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_habilitation_decided_by")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_habilitation_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_habilitation")),
    )
    op.create_index("ix_habilitation_claim_id", "habilitation", ["claim_id"], unique=False)
    op.create_index(
        "uq_habilitation_one_open_a_service",
        "habilitation",
        ["membership_id", "service"],
        unique=True,
        sqlite_where=sa.text("state IN ('pending', 'awaiting_letter', 'granted')"),
        postgresql_where=sa.text("state IN ('pending', 'awaiting_letter', 'granted')"),
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_key_id", sa.String(length=40), nullable=True),
        sa.Column("code_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_letter_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index("ix_letter_claim_id", "letter", ["claim_id"], unique=False)
    op.create_table(
        "code_try",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_right", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_code_try_letter_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_code_try_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_try")),
    )
    op.create_index("ix_code_try_letter_id_tried_at", "code_try", ["letter_id", "tried_at"], unique=False)
    op.create_index("ix_code_try_person_id_tried_at", "code_try", ["person_id", "tried_at"], unique=False)
    op.create_table(
        "printed_code",
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code_key_id", sa.String(length=40), nullable=False),
        sa.Column("code_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_printed_code_letter_id")),
        sa.PrimaryKeyConstraint("letter_id", "attempt", name=op.f("pk_printed_code")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Without statistics each claim sorts the whole backlog: 3.0 ms instead of 0.03.
        op.execute("ANALYZE delivery")


def downgrade() -> None:
    op.drop_table("printed_code")
    op.drop_index("ix_code_try_person_id_tried_at", table_name="code_try")
    op.drop_index("ix_code_try_letter_id_tried_at", table_name="code_try")
    op.drop_table("code_try")
    op.drop_index("ix_letter_claim_id", table_name="letter")
    op.drop_table("letter")
    op.drop_index(
        "uq_habilitation_one_open_a_service",
        table_name="habilitation",
        sqlite_where=sa.text("state IN ('pending', 'awaiting_letter', 'granted')"),
        postgresql_where=sa.text("state IN ('pending', 'awaiting_letter', 'granted')"),
    )
    op.drop_index("ix_habilitation_claim_id", table_name="habilitation")
    op.drop_table("habilitation")
    op.drop_table("terms_acceptance")
    op.drop_index(
        "uq_claim_one_open_a_structure",
        table_name="claim",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_table("claim")
    op.drop_index(
        "uq_administration_one_open_a_member",
        table_name="administration",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("administration")
    op.drop_index("ix_web_session_keycloak_sid", table_name="web_session")
    op.drop_table("web_session")
    op.drop_index("ix_search_word_siren", table_name="search_word")
    op.drop_table("search_word")
    op.drop_table("service_group")
    op.drop_index(
        "uq_membership_one_open_stay",
        table_name="membership",
        sqlite_where=sa.text("state = 'attached'"),
        postgresql_where=sa.text("state = 'attached'"),
    )
    op.drop_index("ix_membership_siren", table_name="membership")
    op.drop_table("membership")
    op.drop_index("ix_delivery_lane", table_name="delivery")
    op.drop_index(
        "ix_delivery_due",
        table_name="delivery",
        sqlite_where=sa.text("state IN ('open', 'sending')"),
        postgresql_where=sa.text("state IN ('open', 'sending')"),
    )
    op.drop_table("delivery")
    op.drop_table("structure")
    op.drop_table("person")
    op.drop_table("journal_head")
    op.drop_index("ix_journal_subject", table_name="journal")
    op.drop_index("ix_journal_siren", table_name="journal")
    op.drop_index("ix_journal_actor_id", table_name="journal")
    op.drop_table("journal")
