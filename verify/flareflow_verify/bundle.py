"""Everything that a check of one bill needs, as one JSON document with one form.

A bundle is believed for nothing: whoever made it may lie in every field. It is parsed, and everything in it is bounded.
Numbers are decimal text, bytes are 0x hex, documents are the texts that were served.
"""

import json
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    model_serializer,
)

from flareflow.attestation.signing_policy import HEAD_BYTES, VOTER_BYTES, VOTERS_MAX
from flareflow.keccak import WORD_BYTES
from flareflow.statements.events import event_hash, events_tree
from flareflow.statements.models import DIGITS_MAX
from flareflow.transparency.notes import NOTE_BYTES_MAX
from flareflow.transparency.proofs import PROOF_HASHES_MAX

BUNDLE_VERSION: Final = "flareflow-bundle/1"
BUNDLE_BYTES_MAX: Final = 64 * 1024 * 1024
TEXT_CHARACTERS_MAX: Final = 16 * 1024 * 1024
STATEMENTS_MAX: Final = 300
EVENTS_MAX: Final = 20_000
POLICIES_MAX: Final = 64
SIBLINGS_MAX: Final = 32
RESPONSE_BYTES_MAX: Final = 64 * 1024
SIGNATURES_BYTES_MAX: Final = VOTERS_MAX * 67
POLICY_BYTES_MAX: Final = HEAD_BYTES + VOTERS_MAX * VOTER_BYTES
TIERS_MAX: Final = 16
TRIGGERS_MAX: Final = 100
NAME_CHARACTERS_MAX: Final = 5_000


def _number(given: object) -> object:
    """The number of a decimal text without sign, but for a minus, and without leading zeros; anything else as it is."""
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, str) and len(given) <= DIGITS_MAX and given.removeprefix("-").isdecimal() and given.isascii():
        number = int(given)
        if str(number) == given:
            return number
    raise ValueError("not a decimal number as text")


def _bytes(given: object) -> object:
    if isinstance(given, bytes):
        return given
    if isinstance(given, str) and given.startswith("0x") and len(given) <= 2 + 2 * RESPONSE_BYTES_MAX:
        decoded = bytes.fromhex(given[2:])
        if f"0x{decoded.hex()}" == given:
            return decoded
    raise ValueError("not bytes as 0x and lower-case hex")


type Integer = Annotated[int, BeforeValidator(_number), PlainSerializer(str)]
type Count = Annotated[Integer, Field(ge=0, lt=2**256)]
type Hex = Annotated[
    bytes,
    BeforeValidator(_bytes),
    PlainSerializer(lambda given: f"0x{given.hex()}"),
    Field(max_length=RESPONSE_BYTES_MAX),
]
type Hash = Annotated[Hex, Field(min_length=WORD_BYTES, max_length=WORD_BYTES)]
type Text = Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS_MAX)]
type Name = Annotated[str, StringConstraints(max_length=NAME_CHARACTERS_MAX)]


class Part(BaseModel):
    """A part of a bundle: it never changes and has no other fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OneForm(Part):
    """A document with one form: ASCII, fields in their order, two spaces for each level. `NOUN` says what it is."""

    NOUN: ClassVar[str]

    @property
    def text(self) -> str:
        return json.dumps(self.model_dump(mode="json"), indent=2) + "\n"

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """The document of a file. Raises ValueError, which says what is wrong, unless it is in its one form."""
        if len(content) > BUNDLE_BYTES_MAX:
            raise ValueError(f"a {cls.NOUN} has at most {BUNDLE_BYTES_MAX} bytes, not {len(content)}")
        try:
            document = cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"{place}: {first['msg']}" if place else first["msg"]) from error
        if document.text.encode() != content:
            raise ValueError(f"it has not the one form of a {cls.NOUN}: other spaces, another order, or a field twice")
        return document


class Sealed(Part):
    """A statement with the documents that are needed of it; None for those that are not."""

    statement: Text
    usage_index: Text | None = None
    usage_page: Text | None = None
    settlement_index: Text | None = None
    settlement_page: Text | None = None


class Attested(Part):
    """The response of Flare's Data Connector, its path to the round's root, and what the voters signed."""

    response: Hex
    siblings: Annotated[tuple[Hash, ...], Field(max_length=SIBLINGS_MAX)]
    message: Hex
    signatures: Annotated[Hex, Field(max_length=SIGNATURES_BYTES_MAX)]


class SignedPolicy(Part):
    """A signing policy, and signatures by voters of the one before; none where it is the first of a bundle."""

    policy: Annotated[Hex, Field(max_length=POLICY_BYTES_MAX)]
    signatures: Annotated[Hex, Field(max_length=SIGNATURES_BYTES_MAX)] = b""


class OnFlare(Part):
    """What Flare said: the Relay's root of the round, and its hash of the round's signing policy.

    Where the data availability layer was asked instead, `root` is what its proof leads to and the hash is None.
    """

    root: Hash
    policy_hash: Hash | None


class Trigger(Part):
    """A request that the contract on Flow lets Flare attest."""

    trigger_id: Name
    source: Name
    url_prefix: Name
    post_process_jq: Name
    abi_signature: Name
    is_pending: bool


class Tier(Part):
    """A price in 1e-8 for 1,000 rated tokens, for the part of a total below `end_tokens`; None means no end."""

    end_tokens: Count | None
    price_ufix64: Count


class Bill(Part):
    """The contract's state of a subscription. Amounts are in 1e-8; `cost_offset` is in 1e-17 of the plan's currency."""

    token_storage_path: Name
    owner: Name
    plan_id: Count
    plan_version: Count
    needs_rate: bool
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=TIERS_MAX)]
    cost_offset: Integer
    plan_from: Count | None
    paid_dollars_ufix64: Count
    charged_ufix64: Count
    owed_ufix64: Count
    balance_ufix64: Count
    settled_microtokens: Count
    settled_epoch: Count


class Charge(Part):
    """The event of a settlement, and the bill in the block before it; None where the node no longer has that."""

    transaction_id: Name
    height: Count
    epoch: Count
    rated_microtokens: Count
    charged_ufix64: Count
    owed_ufix64: Count
    rate_ufix64: Annotated[Count, Field(ge=1)] | None
    before: Bill | None


class OnFlow(Part):
    """What a node of Flow said. `bill` is after the block `height`: that of the charge, or else the newest."""

    contract: Name
    height: Count
    source_chain_id: Count
    rounds_per_reward_epoch: Annotated[Count, Field(ge=1)]
    root: Hash | None
    settlement_root: Hash | None
    total_microtokens: Count | None
    triggers: Annotated[tuple[Trigger, ...], Field(max_length=TRIGGERS_MAX)]
    bill: Bill
    charge: Charge | None


class ProvenEvent(Part):
    """The text of one event, and its path to the events root of its subscription."""

    text: Text
    siblings: Annotated[tuple[Hash, ...], Field(max_length=SIBLINGS_MAX)]

    @classmethod
    def among(cls, texts: Sequence[str], text: str) -> Self:
        """One of the texts, which are all events of the subscription."""
        tree = events_tree(texts)
        return cls(text=text, siblings=tree.path(tree.levels[0].index(event_hash(text))))

    @classmethod
    def with_id(cls, texts: Sequence[str], event_id: str) -> Self | None:
        """The one with this id; None if none of the texts has it."""
        named = f'"event_id":{json.dumps(event_id)}'
        return next((cls.among(texts, text) for text in texts if named in text), None)


class InLog(Part):
    """The checkpoint of the log of statements, and that the statement of the bill's epoch is in it.

    `index` is where it is, or would be if it was there; None while the log ends before it. `consistency` proves that
    the log has grown from its first `older_size` statements; both are None where that was not asked for.
    """

    checkpoint: Annotated[str, StringConstraints(max_length=NOTE_BYTES_MAX)]
    index: Count | None
    inclusion: Annotated[tuple[Hash, ...], Field(max_length=PROOF_HASHES_MAX)]
    older_size: Count | None
    consistency: Annotated[tuple[Hash, ...], Field(max_length=PROOF_HASHES_MAX)] | None


class Bundle(OneForm):
    """The evidence of one bill: of the usage of `subscription_id` up to the statement of `epoch`.

    `sealed` are consecutive statements, oldest first, up to the one that Flare attested. `policies` lead from the first
    one to that of the attestation's voters. `events` are the owner's, all of `epoch`, and `event` is one of them; None
    where they are not known. `log` is left out of the text where it is None.
    """

    NOUN = "bundle"

    version: Annotated[str, StringConstraints(pattern=f"^{BUNDLE_VERSION}$")] = BUNDLE_VERSION
    subscription_id: Count
    epoch: Count
    sealed: Annotated[tuple[Sealed, ...], Field(min_length=1, max_length=STATEMENTS_MAX)]
    attested: Attested | None
    policies: Annotated[tuple[SignedPolicy, ...], Field(max_length=POLICIES_MAX)]
    on_flare: OnFlare | None
    on_flow: OnFlow | None
    price_book: Text | None
    events: Annotated[tuple[Text, ...], Field(max_length=EVENTS_MAX)] | None = None
    event: ProvenEvent | None = None
    log: InLog | None = None

    @model_serializer(mode="wrap")
    def _without_log(self, dump: SerializerFunctionWrapHandler) -> dict[str, object]:
        content: dict[str, object] = dump(self)
        return content if self.log else {name: value for name, value in content.items() if name != "log"}
