"""What may be ordered of the whole building, what each does, and what is in force."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hems.model.mode import Mode
from hems.model.picture import OrderPicture, Picture
from hems.model.request import Task
from hems.tui.format import Part, Row, Tone, row
from hems.tui.text.listing import Item, Listing, detail_width, paragraphs
from hems.tui.when import ends, leaves
from hems.wording import duration
from hems.wording.language import N_, say, translated

HEADING = row("  WHAT                                 STANDS               BY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing that may be ordered."""

    task: Task | None
    """None for the word that somebody has looked into a contradiction."""
    title: str
    does: Sequence[str]
    """What it does, and what it does not, sentence by sentence."""
    question: str
    """Before it begins: Y or not."""
    span: str = ""
    """For how long, unless somebody says otherwise; empty where nobody is asked."""
    ends: str = N_("End it now?")
    begins: bool = True
    """Whether a person can begin it; a fire alarm only ends by one."""
    announces: bool = False
    """Whether it is for a time to come: each is one more, and its task's own line takes it back."""

    @property
    def key(self) -> str:
        """What its line is known by."""
        if self.announces:
            return f"announced {self.task}"
        return "looked" if self.task is None else str(self.task)


OFFERS = (
    Offer(
        task=Task.GRID_LOST,
        title=N_("Say that the grid is LOST"),
        does=(
            N_("For when the street is dark and HEMS cannot see it. No car charges, and HEMS does not reconnect."),
            N_("It ends by itself; ENTER takes it back before."),
        ),
        question=N_("The grid is LOST: no car charges and HEMS does not go back to the grid?"),
        span="1h",
    ),
    Offer(
        task=Task.GRID_PRESENT,
        title=N_("Say that the grid is THERE"),
        does=(
            N_("For when HEMS cannot see the street and you can: what is off only to save energy comes back."),
            N_("It counts only while the grid switch is closed and the building live; HEMS never reconnects by it."),
            N_("It ends by itself; ENTER takes it back before."),
        ),
        question=N_("The grid is THERE: bring back what is off to save energy?"),
        span="1h",
    ),
    Offer(
        task=Task.EVACUATION,
        title=N_("Evacuation: people may have to leave"),
        does=(
            N_("Every car keeps enough to leave with, gives nothing below that, and charges before anything else can."),
            N_("The building has less energy then. It stands until somebody ends it: ENTER."),
        ),
        question=N_("EVACUATION: cars keep more and charge first, the building gets less?"),
    ),
    Offer(
        task=Task.STORM,
        title=N_("Storm watch: a power cut is likely"),
        does=(N_("Batteries charge from the grid and are kept full until the time is over."),),
        question=N_("Charge the batteries and keep them full?"),
        span="12h",
    ),
    Offer(
        task=Task.RETURN,
        title=N_("The utility says when power is back"),
        does=(
            N_("Energy is made to last until then: with a short cut more circuits stay on, with a long one fewer."),
            N_("HEMS does not take the grid to be back because of it."),
        ),
        question=N_("Make energy last for that long?"),
        span="4h",
    ),
    Offer(
        task=Task.MAINTENANCE,
        title=N_("People work on the plant"),
        does=(
            N_("HEMS switches nothing on until somebody ends it: ENTER. It still switches off what is too much."),
            N_("It locks nothing: switch off and lock out at the panel as ever."),
        ),
        question=N_("People at work: HEMS switches nothing on?"),
    ),
    Offer(
        task=Task.ISLAND,
        title=N_("Leave the grid on purpose"),
        does=(N_("As for an announced outage: circuits go off to plan, then the certified switch opens."),),
        question=N_("Leave the grid now?"),
        span="1h",
    ),
    Offer(
        task=Task.ISLAND,
        title=N_("Leave the grid at an announced time"),
        does=(
            N_("For times that the utility has announced. Before each the battery fills; each ends by itself."),
            N_("One more with each ENTER. The line above takes back the one that stands or comes next."),
        ),
        question=N_("Leave the grid at that time?"),
        span="2h",
        announces=True,
    ),
    Offer(
        task=Task.FIRE,
        title=N_("The fire alarm is over"),
        does=(N_("In a fire alarm no car charges or gives and nothing is switched on, until a person says so."),),
        question="",
        ends=N_("The fire alarm is OVER: go on as before?"),
        begins=False,
    ),
)  # fmt: skip


LOOKED = Offer(
    task=None,
    title=N_("Somebody has looked into it"),
    does=(
        N_("HEMS holds still because what it measures contradicts itself. Say so when the electrician has found why."),
        N_("HEMS starts over once its measurements have agreed for a minute."),
    ),
    question=N_("The electrician has looked into it: may HEMS start over?"),
)


def order_list(picture: Picture, chosen: str, width: int) -> Listing:
    """What is in force stands out."""
    items = [Item(offer.key, _line(picture, offer)) for offer in offered(picture)]
    one = next((offer for offer in offered(picture) if offer.key == chosen), None)
    details = () if one is None else paragraphs(list(about(picture, one)), detail_width(width))
    return Listing((HEADING,), items, details)


def offered(picture: Picture) -> list[Offer]:
    """What a person may begin or end now."""
    found = [offer for offer in OFFERS if offer.begins or in_force(picture, offer.task) is not None]
    return [LOOKED, *found] if picture.mode is Mode.FAULT_SAFE else found


def in_force(picture: Picture, task: Task | None) -> OrderPicture | None:
    """The order, where somebody has given it."""
    return next((order for order in picture.orders if order.task is task), None)


def announced(picture: Picture, task: Task | None) -> list[OrderPicture]:
    """What somebody has ordered for later."""
    return [order for order in picture.orders if order.task is task and order.begins_in_s]


def _line(picture: Picture, offer: Offer) -> Row:
    order = in_force(picture, offer.task)
    title = f" {translated(offer.title)[:36]:<36} "
    if offer.announces:
        return row(title, _counted(len(announced(picture, offer.task))))
    if order is None:
        return row(title, say("no"))
    return row(title, Part(f"{stands(picture, order)[:20]:<20} {order.who or '?'}", Tone.STRONG))


def stands(picture: Picture, order: OrderPicture) -> str:
    """`YES, until 16:20`."""
    if order.begins_in_s:
        return say("begins {when}", when=leaves(picture, order.begins_in_s))
    return say("YES") if order.left_s is None else say("YES, {until}", until=ends(picture, order.left_s))


def about(picture: Picture, offer: Offer) -> Iterator[str]:
    """What it does, and who has ordered it."""
    if offer.announces:
        yield from (_at(picture, order) for order in announced(picture, offer.task))
    order = in_force(picture, offer.task)
    if order is not None and order.reason and not offer.announces:
        yield say('{who} gave the reason "{reason}".', who=order.who or "?", reason=order.reason)
    yield from (translated(sentence) for sentence in offer.does)


def _counted(times: int) -> str:
    """How many are announced."""
    return say("{times} times", times=times) if times > 1 else say("once") if times else say("no")


def _at(picture: Picture, order: OrderPicture) -> str:
    """`At 16:00 for 2 h (Ana).`."""
    begins = leaves(picture, order.begins_in_s)
    if order.left_s is None:
        return say("Announced {when} ({who}).", when=begins, who=order.who or "?")
    lasts = duration(round(order.left_s - order.begins_in_s))
    return say("Announced {when}, for {duration} ({who}).", when=begins, duration=lasts, who=order.who or "?")
