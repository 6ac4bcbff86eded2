"""The Keycloak group of one service in one structure: an id to save a search, never a truth."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from onboarding_api.model.base import Base


class ServiceGroup(Base):
    """Written by the delivery that made or found the group; a group made anew gets a new id here.

    `service` is a key of the catalogue, as `mes-prets:demande`. The structure's own group is
    `Structure.kc_group_id`.
    """

    __tablename__ = "service_group"

    siren: Mapped[str] = mapped_column(ForeignKey("structure.siren"), primary_key=True)
    service: Mapped[str] = mapped_column(String(80), primary_key=True)
    kc_group_id: Mapped[str] = mapped_column(String(36), unique=True)
