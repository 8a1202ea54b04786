"""Voting rounds: collects requests, confirms them, builds the tree, signs, finalizes, and hands on signing policies."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from flareflow.attestation.relay import FDC_PROTOCOL_ID, PolicySignature, RelayedRoot, RootMessage
from flareflow.attestation.request import NO_TIMESTAMP, RequestBody, encode_response, leaf_hash
from flareflow.attestation.signing_policy import SigningPolicy, legacy_hash
from flareflow.attestation.submissions import SUBMIT_SIGNATURES_SELECTOR
from infra.local.flare.fdc.chain import Chain, Request
from infra.local.flare.fdc.merkle import round_tree
from infra.local.flare.fdc.verifier import NotConfirmedError, Verifier
from infra.local.flare.fdc.voters import VOTERS, LocalVoter, policy_of, sign_by_all

logger = logging.getLogger(__name__)

FILLERS: Final = 3
"""Attestations of others in each round, so that ours is never alone in the tree."""

FTSO_PROTOCOL_ID: Final = 100
SIGNER: Final = 1
FINALIZER: Final = 2
ROLL_ROUNDS_AHEAD: Final = 20


@dataclass(frozen=True, slots=True)
class Attested:
    """A confirmed request as the data availability API serves it."""

    voting_round: int
    request: bytes
    response: bytes
    siblings: tuple[bytes, ...]


@dataclass
class Orders:
    """What the voters are ordered to do wrong; numbers of rounds count down with each round that has requests."""

    rounds_to_miss: int = 0
    rounds_to_disagree: int = 0
    disagreeing_voters: int = 0
    delay_seconds: float = 0.0
    rounds_to_relay_indirectly: int = 0
    roll_policy: bool = False


@dataclass
class Rounds:
    """Follows the chain and finishes every round that has ended."""

    chain: Chain
    verifier: Verifier
    orders: Orders = field(default_factory=Orders)
    attested: dict[tuple[int, bytes], Attested] = field(default_factory=dict)
    latest_indexed_round: int = 0
    _next_block: int = 0
    _collected: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def begin(self) -> None:
        """Start with the present round; earlier ones are ignored."""
        self._next_block, current_round = self.chain.head()
        self.latest_indexed_round = current_round - 1

    def tick(self) -> None:
        """Collect new requests, and finish every round that has ended."""
        head, current_round = self.chain.head()
        if head >= self._next_block:
            for request in self.chain.requests(self._next_block, head):
                self._collect(request)
            self._next_block = head + 1
        for ended in sorted(number for number in self._collected if number < current_round):
            self._finish(ended, self._collected.pop(ended))
        self.latest_indexed_round = max(self.latest_indexed_round, current_round - 1)
        if self.orders.roll_policy or current_round + ROLL_ROUNDS_AHEAD >= self._next_policy_start():
            self.orders.roll_policy = False
            self._roll_policy()

    def _collect(self, request: Request) -> None:
        """Keep a request; the same bytes twice in a round are one request."""
        requests = self._collected[request.voting_round]
        if request.data not in requests:
            requests.append(request.data)

    def _next_policy_start(self) -> int:
        return (self.chain.last_reward_epoch() + 1) * self.chain.rounds_per_reward_epoch

    def _finish(self, voting_round: int, requests: Sequence[bytes]) -> None:
        confirmed = {} if self._counts_down_miss() else self._confirmed(requests, voting_round)
        responses = {**confirmed, **fillers(voting_round)}
        tree = round_tree(leaf_hash(response) for response in responses.values())
        time.sleep(self.orders.delay_seconds)
        if not self._finalize(voting_round, tree.root):
            logger.info("round %d: no root has enough weight", voting_round)
            return
        if self.chain.merkle_root(voting_round) != tree.root:
            raise RuntimeError(f"round {voting_round} has another root on chain")
        for request, response in responses.items():
            siblings = tuple(tree.proof(leaf_hash(response)))
            self.attested[voting_round, request] = Attested(voting_round, request, response, siblings)
        logger.info("round %d: %d of %d requests confirmed", voting_round, len(confirmed), len(requests))

    def _counts_down_miss(self) -> bool:
        if self.orders.rounds_to_miss == 0:
            return False
        self.orders.rounds_to_miss -= 1
        return True

    def _confirmed(self, requests: Sequence[bytes], voting_round: int) -> dict[bytes, bytes]:
        """The responses that voters with more than half of the weight agree on; each voter fetches for itself."""
        policy = self._policy_for(voting_round)
        confirmed = {}
        for request in requests:
            with ThreadPoolExecutor(len(VOTERS)) as pool:
                answers = list(pool.map(lambda voter, request=request: self._ask(voter, request, voting_round), VOTERS))
            for response in set(answers) - {None}:
                weight = sum(policy.voters[n].weight for n, answer in enumerate(answers) if answer == response)
                if response is not None and 2 * weight > policy.weight:
                    confirmed[request] = response
        return confirmed

    def _ask(self, voter: LocalVoter, request: bytes, voting_round: int) -> bytes | None:
        try:
            return self.verifier.confirm(request, voting_round)
        except NotConfirmedError as error:
            logger.warning("voter %d does not confirm in round %d: %s", voter.number, voting_round, error)
            return None

    def _finalize(self, voting_round: int, root: bytes) -> bool:
        """Let the voters sign their roots and relay one with enough weight; False when none has."""
        policy = self._policy_for(voting_round)
        disagreeing = self._counts_down_disagreement()
        agreeing = [voter for voter in VOTERS if voter.number >= disagreeing]
        if sum(policy.voters[voter.number].weight for voter in agreeing) <= policy.threshold:
            return False
        message = RootMessage(FDC_PROTOCOL_ID, voting_round, is_secure_random=False, merkle_root=root).encode()
        signatures = sign_by_all(RootMessage.decode(message).hash, agreeing)
        for signature in signatures:
            self.chain.submit_signature(submission_calldata(message, signature), SIGNER)
        relayed = signatures[: len(enough(agreeing, policy))]
        calldata = RelayedRoot(policy.encode(), message, b"".join(one.encode() for one in relayed)).encode()
        send = self.chain.send_indirectly if self._counts_down_indirect() else self.chain.send
        send(self.chain.relay.address, calldata, FINALIZER)
        return True

    def _counts_down_indirect(self) -> bool:
        if self.orders.rounds_to_relay_indirectly == 0:
            return False
        self.orders.rounds_to_relay_indirectly -= 1
        return True

    def _counts_down_disagreement(self) -> int:
        """How many voters, counted from the first, sign another root in this round."""
        if self.orders.rounds_to_disagree == 0:
            return 0
        self.orders.rounds_to_disagree -= 1
        return self.orders.disagreeing_voters

    def _policy_for(self, voting_round: int) -> SigningPolicy:
        reward_epoch = voting_round // self.chain.rounds_per_reward_epoch
        return policy_of(reward_epoch, self.chain.rounds_per_reward_epoch)

    def _roll_policy(self) -> None:
        """Publish the policy of the next reward epoch, signed by the voters of the present one."""
        last = self.chain.last_reward_epoch()
        new = policy_of(last + 1, self.chain.rounds_per_reward_epoch).encode()
        call = self.chain.systems_manager.encode_abi("initializeSigningPolicy", [new])
        self.chain.send(self.chain.systems_manager.address, bytes.fromhex(call[2:]), sender=0)
        old = policy_of(last, self.chain.rounds_per_reward_epoch)
        for signature in sign_by_all(legacy_hash(new), enough(VOTERS, old)):
            self.chain.sign_policy(last + 1, legacy_hash(new), signature, SIGNER)
        logger.info("signing policy of reward epoch %d is signed", last + 1)


def enough(voters: Iterable[LocalVoter], policy: SigningPolicy) -> list[LocalVoter]:
    """The first voters whose weights together exceed the threshold; the others do not sign."""
    chosen, weight = [], 0
    for voter in voters:
        chosen.append(voter)
        weight += policy.voters[voter.number].weight
        if weight > policy.threshold:
            break
    return chosen


def submission_calldata(message: bytes, signature: PolicySignature) -> bytes:
    """A call of `submitSignatures` with another protocol's payload before ours.

    As on Flare, payloads have two forms. Voters with an even index name what they sign, the others do not.
    """
    vrs = bytes([signature.v]) + signature.r + signature.s
    payload = b"\x00" + message + vrs if signature.index % 2 == 0 else b"\x01" + vrs
    voting_round = message[1:5]
    other = bytes([FTSO_PROTOCOL_ID]) + voting_round + len(vrs).to_bytes(2) + vrs
    return SUBMIT_SIGNATURES_SELECTOR + other + message[:5] + len(payload).to_bytes(2) + payload


def fillers(voting_round: int) -> dict[bytes, bytes]:
    """Attestations of others in the round, by keys that are no request of ours."""
    others = {}
    for number in range(FILLERS):
        body = RequestBody(f"https://others.example/{voting_round}/{number}", "GET", "", "", "", ".", "uint256")
        response = encode_response("PublicWeb2", body, number.to_bytes(32), voting_round, NO_TIMESTAMP)
        others[b"filler" + number.to_bytes(1)] = response
    return others
