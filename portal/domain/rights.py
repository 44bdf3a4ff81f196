"""What a subscriber can come for, ask for, and how far it can be."""

from enum import StrEnum


class Goal(StrEnum):
    """What the subscriber came for; a code is bound to one."""

    VIEW = "view"
    LESS = "less"
    COPY = "copy"
    ERASE = "erase"
    QUESTION = "question"
    ADDRESS = "address"


class Right(StrEnum):
    """A right of the General Data Protection Regulation (EU 2016/679), with its article."""

    ACCESS = "access"  # Art. 15
    RECTIFY = "rectify"  # Art. 16
    ERASE = "erase"  # Art. 17
    RESTRICT = "restrict"  # Art. 18
    PORT = "port"  # Art. 20
    OBJECT = "object"  # Art. 21
    WITHDRAW = "withdraw"  # Art. 7(3)
    CONSENT = "consent"  # Art. 7(1): given (again) by the subscriber on the page
    LESS = "less"  # how often a mailing comes: a wish, within what she agreed to
    KEEP = "keep"  # an erasure that waits is taken back: she changed her mind
    LIFT = "lift"  # a restriction is taken back by her, or lifted (Art. 18(3))
    QUESTION = "question"
    ADDRESS = "address"  # Art. 16: the e-mail address, by which she is found


class DeliveryState(StrEnum):
    """How far one request is in one system. These states and no others, everywhere."""

    QUEUED = "queued"
    SENT = "sent"
    UNCONFIRMED = "unconfirmed"
    AWAITING = "awaiting"
    CONFIRMED = "confirmed"
    RETAINED = "retained"
    CONFLICT = "conflict"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Nothing more happens by itself."""
        return self in FINAL_STATES


FINAL_STATES = frozenset(
    {
        DeliveryState.CONFIRMED,
        DeliveryState.RETAINED,
        DeliveryState.CONFLICT,
        DeliveryState.FAILED,
    }
)

TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.QUEUED: frozenset(
        {DeliveryState.SENT, DeliveryState.CONFLICT, DeliveryState.FAILED}
    ),
    DeliveryState.SENT: frozenset(DeliveryState) - {DeliveryState.SENT},
    DeliveryState.UNCONFIRMED: frozenset(DeliveryState) - {DeliveryState.UNCONFIRMED},
    DeliveryState.AWAITING: frozenset(DeliveryState)
    - {DeliveryState.AWAITING, DeliveryState.QUEUED},
    DeliveryState.CONFLICT: frozenset(),
    DeliveryState.FAILED: frozenset({DeliveryState.QUEUED}),  # an operator replays it
    DeliveryState.CONFIRMED: frozenset(),
    DeliveryState.RETAINED: frozenset({DeliveryState.CONFIRMED}),  # the day came: that went as well
}


class Lane(StrEnum):
    """Which work goes first. What protects the subscriber is never behind what does not."""

    PROTECT = "protect"  # withdraw, object, restrict, erase
    MAIL = "mail"  # somebody is waiting before a screen
    ORDINARY = "ordinary"

    @property
    def rank(self) -> int:
        """0 goes first."""
        return tuple(Lane).index(self)


LANE_OF_RIGHT = {
    Right.WITHDRAW: Lane.PROTECT,
    Right.OBJECT: Lane.PROTECT,
    Right.RESTRICT: Lane.PROTECT,
    Right.ERASE: Lane.PROTECT,
    Right.LESS: Lane.PROTECT,
}

FRESH_PROOF_GOALS = frozenset({Goal.COPY, Goal.ERASE, Goal.ADDRESS})
"""Goals that need a proof of the mailbox for just that, minutes old, and finish top-level only."""
