"""The people of a building: whom to call."""

from pydantic import Field

from hems.config.tables.words import Name, Table


class ContactTable(Table):
    """Somebody to call when an alarm asks for it; on the panel card, and on the screen under C."""

    whom: Name | None = Field(None, examples=["Electrician"])
    """What they are called for; made from the key when not given."""
    name: Name | None = Field(None, examples=["Meyer & Daughter"])
    """Who answers."""
    phone: Name = Field(examples=["+44 20 7946 0123"])
    """The number as it is dialled."""
