"""Faults of sign-in: sessions, and what holds for every request before it is routed."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow"
SESSIONS: Final = f"{PACKAGE}/accounts/sessions.py"
TABLE: Final = f"{PACKAGE}/adapters/dynamodb/accounts.py"
REQUESTS: Final = f"{PACKAGE}/entrypoints/requests.py"
INPUTS: Final = f"{PACKAGE}/inputs.py"
PROBLEMS: Final = f"{PACKAGE}/entrypoints/problems.py"

LIMITS: Final = f"{PACKAGE}/limits.py"
ROUTE_LIMITS: Final = f"{PACKAGE}/entrypoints/limits.py"

TEST_ROUTE_LIMITS: Final = "tests/unit/functions/test_route_limits.py"
ACCOUNT_PROOF: Final = f"{PACKAGE}/adapters/flow/account_proof.py"

TEST_ACCOUNT_PROOF: Final = "tests/unit/adapters/flow/test_account_proof.py"
TEST_SIGN_IN: Final = "tests/unit/accounts/test_sign_in.py"
TEST_SESSIONS: Final = "tests/unit/accounts/test_sessions.py"
TEST_EVERY_ROUTE: Final = "tests/unit/functions/test_every_route.py"
TEST_WALLET_AUTH: Final = "tests/unit/functions/test_wallet_auth.py"
TEST_INPUTS: Final = "tests/unit/test_inputs.py"
TEST_REQUESTS: Final = "tests/unit/entrypoints/test_requests.py"
TEST_TABLES: Final = "tests/ports/dynamodb/test_accounts_tables.py"

FAULTS: Final = (
    Fault(
        "accounts-weight-of-1000",
        "Users whose key weighs 999 beside a wallet's 1 sign in.",
        f"{PACKAGE}/accounts/models.py",
        "SIGN_IN_WEIGHT: Final = 999",
        "SIGN_IN_WEIGHT: Final = 1_000",
        [TEST_SIGN_IN],
    ),
    Fault(
        "flow-user-signature-with-the-tag-of-proofs",
        "A user signature is over the tag of user messages.",
        ACCOUNT_PROOF,
        "return USER_TAG + text.encode()",
        "return TAG + text.encode()",
        [TEST_ACCOUNT_PROOF],
    ),
    Fault(
        "flow-user-signature-of-every-site",
        "What a wallet signs names the page that asks for it.",
        ACCOUNT_PROOF,
        "text = SIGN_IN_TEXT.format(origin=proof.origin,",
        'text = SIGN_IN_TEXT.format(origin="FlareFlow",',
        [TEST_ACCOUNT_PROOF],
    ),
    Fault(
        "accounts-every-proof-an-account-proof",
        "A request says what its wallet has signed.",
        f"{PACKAGE}/accounts/requests.py",
        "return AccountProof(address, self.origin, nonce, signatures, self.proof_type)",
        "return AccountProof(address, self.origin, nonce, signatures)",
        [TEST_WALLET_AUTH],
    ),
    Fault(
        "accounts-access-of-an-hour",
        "An access token works for 15 minutes.",
        SESSIONS,
        "ACCESS_LIFETIME: Final = timedelta(minutes=15)",
        "ACCESS_LIFETIME: Final = timedelta(minutes=60)",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-session-without-end",
        "A session ends after 30 days however often it is refreshed.",
        SESSIONS,
        "expires_at=min(now + IDLE_LIFETIME, session.created_at + SESSION_LIFETIME)",
        "expires_at=now + IDLE_LIFETIME",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-refresh-after-the-end",
        "A session that is over is not refreshed.",
        SESSIONS,
        "if session is None or session.expires_at <= now:",
        "if session is None:",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-reuse-is-only-refused",
        "A refresh token that comes again ends the whole session.",
        SESSIONS,
        """        self.sessions.end(session.address, session.session_id)
        self.disconnect""",
        "        self.disconnect",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-refresh-race-not-seen",
        "A refresh that another one has overtaken gives no pair that does not work.",
        SESSIONS,
        "if self.sessions.refresh(session, tokens.session):",
        "if self.sessions.refresh(session, tokens.session) is not None:",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-refresh-token-not-checked",
        "Only the newest refresh token of a session refreshes it.",
        SESSIONS,
        "            if not session.takes(presented, now):\n                break\n",
        "",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-repeated-refresh-without-end",
        "A refresh is not repeated after a minute.",
        f"{PACKAGE}/accounts/models.py",
        " and self.replaced_until is not None and now < self.replaced_until",
        "",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-repeated-refresh-lasts-longer-each-time",
        "However often a refresh is repeated, its minute begins with the first.",
        SESSIONS,
        "    if presented != session.refresh_hash:\n        return session\n",
        "",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-repeated-refresh-of-a-used-answer",
        "A refresh is not repeated once its answer was used.",
        SESSIONS,
        "        if session.replaced_hash:\n            self.sessions.confirm(session)\n",
        "",
        [TEST_SESSIONS],
    ),
    Fault(
        "dynamodb-confirmed-by-an-old-pair",
        "Only the newest pair of a session ends the repetition of its refresh.",
        TABLE,
        """                ConditionExpression="access_hash = :used",
                ExpressionAttributeValues={":none": "", ":used": session.access_hash},
""",
        """                ExpressionAttributeValues={":none": ""},
""",
        [f"{TEST_TABLES}::test_a_session_forgets_the_token_before_once_its_newest_pair_is_used"],
    ),
    Fault(
        "accounts-access-secret-not-checked",
        "The secret of an access token is checked.",
        SESSIONS,
        "if session is None or session.access_hash != token_hash(access_token):",
        "if session is None:",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-access-after-its-end",
        "An access token is over at the moment of its end.",
        SESSIONS,
        "if self.clock() >= min(session.access_expires_at, session.expires_at)",
        "if self.clock() > min(session.access_expires_at, session.expires_at)",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-token-of-any-kind",
        "An access token does not work in place of a refresh token.",
        SESSIONS,
        "if named and named[1] == kind else None",
        "if named else None",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-sessions-without-a-limit",
        "An account has at most 20 sessions.",
        SESSIONS,
        "        self._make_room(address)\n",
        "",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-sockets-after-sign-out",
        "Signing out closes the account's WebSocket connections.",
        SESSIONS,
        """            self.sessions.end(address, session.session_id)
        self.disconnect(address)
""",
        """            self.sessions.end(address, session.session_id)
""",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-sockets-of-a-thief",
        "A refresh token that comes again closes the account's WebSocket connections.",
        SESSIONS,
        """        self.disconnect(session.address)
        reason =""",
        "        reason =",
        [TEST_SESSIONS],
    ),
    Fault(
        "realtime-only-one-connection-closed",
        "All connections of an account are closed.",
        f"{PACKAGE}/realtime/connections.py",
        "for connection_id in self.connections.opened_by(address, self.clock()):\n            self.sender.close",
        "for connection_id in self.connections.opened_by(address, self.clock())[:1]:\n            self.sender.close",
        ["tests/unit/realtime/test_connections.py"],
    ),
    Fault(
        "entrypoints-connect-without-a-limit",
        "A source address opens so many connections in a minute.",
        f"{PACKAGE}/entrypoints/websocket.py",
        "            self.limit(limits.CONNECT, source_ip)\n",
        "",
        ["tests/unit/realtime/test_connections.py"],
    ),
    Fault(
        "dynamodb-session-of-a-moment-ago",
        "Sessions are read strongly consistent.",
        TABLE,
        "found = self.table.get_item(Key=key, ConsistentRead=True)\n        return _session(",
        "found = self.table.get_item(Key=key, ConsistentRead=False)\n        return _session(",
        ["tests/unit/adapters/dynamodb/test_sessions.py"],
    ),
    Fault(
        "accounts-newest-session-ended",
        "One session too many ends the one that was refreshed longest ago.",
        SESSIONS,
        "oldest_first = sorted(self.sessions.of(address), key=lambda session: session.refreshed_at)",
        "oldest_first = sorted(self.sessions.of(address), key=lambda session: session.created_at)",
        [TEST_SESSIONS],
    ),
    Fault(
        "accounts-sign-out-of-nothing",
        "Signing out of a session that is not one's own is told.",
        SESSIONS,
        "        if not was_there:",
        "        if was_there is None:",
        [TEST_SESSIONS],
    ),
    Fault(
        "dynamodb-session-comes-back",
        "A session that was ended does not come back by a refresh.",
        TABLE,
        'Item=_session_item(after), ConditionExpression=Attr("refresh_hash").eq(before.refresh_hash)',
        "Item=_session_item(after)",
        [f"{TEST_TABLES}::test_a_session_is_refreshed_by_the_refresh_token_that_it_has"],
    ),
    Fault(
        "entrypoints-body-of-any-bytes",
        "A body that is not UTF-8 is 400 on every route.",
        REQUESTS,
        "    except (UnicodeDecodeError, binascii.Error) as error:",
        "    except binascii.Error as error:",
        [TEST_EVERY_ROUTE],
    ),
    Fault(
        "entrypoints-headers-of-any-bytes",
        "A header that is not UTF-8 is 400 on every route.",
        REQUESTS,
        '    yield from (event.get("headers") or {}).values()\n',
        "",
        [TEST_EVERY_ROUTE],
    ),
    Fault(
        "entrypoints-path-without-a-limit",
        "A path is shorter than DynamoDB's keys.",
        REQUESTS,
        '    _check_length("path", event.get("rawPath"), PATH_BYTES_MAX)\n',
        "",
        [TEST_EVERY_ROUTE],
    ),
    Fault(
        "entrypoints-no-session-no-matter",
        "A route of accounts is 401 without a session, before anything is read.",
        REQUESTS,
        'return account_of(event) if "authorizer" in event["requestContext"] else ""',
        'return account_of(event) if event["requestContext"].get("authorizer", {}).get("lambda") else ""',
        [TEST_EVERY_ROUTE],
    ),
    Fault(
        "entrypoints-deep-json",
        "JSON that no reader agrees on is refused.",
        REQUESTS,
        "return from_json(text, allow_inf_nan=False)",
        "return json.loads(text)",
        [TEST_REQUESTS],
    ),
    Fault(
        "entrypoints-refusals-in-silence",
        "Every refusal is in the log.",
        PROBLEMS,
        "    _log_refusal(context, status, code, account)\n",
        "",
        [TEST_EVERY_ROUTE],
    ),
    Fault(
        "entrypoints-outages-with-traces",
        "An outage is a few lines of the log.",
        PROBLEMS,
        "causes=list(_causes(error))",
        "causes=list(_causes(error)), exc_info=error",
        [TEST_WALLET_AUTH],
    ),
    Fault(
        "dynamodb-one-request-more",
        "No more requests pass than the limit.",
        f"{PACKAGE}/adapters/dynamodb/limits.py",
        'Attr("requests").lt(most)',
        'Attr("requests").lte(most)',
        [f"{TEST_TABLES}::test_requests_are_counted_up_to_the_most_that_there_may_be"],
    ),
    Fault(
        "limits-never-again",
        "The next minute begins anew.",
        LIMITS,
        "(int(now.timestamp()) // window + 1) * window",
        "(int(now.timestamp()) // window + 1) * window // 3600 * 3600",
        ["tests/unit/test_limits.py"],
    ),
    Fault(
        "entrypoints-limit-of-all-accounts",
        "Each account has a limit of its own.",
        ROUTE_LIMITS,
        "sender = account if limit.sender is Sender.ACCOUNT else source_ip",
        "sender = source_ip",
        [TEST_ROUTE_LIMITS],
    ),
    Fault(
        "entrypoints-tickets-without-a-limit",
        "Every route that stores or costs something has a limit.",
        ROUTE_LIMITS,
        '    "POST /v1/websocket-tickets": Limit(30, Sender.ACCOUNT),\n',
        "",
        [TEST_ROUTE_LIMITS],
    ),
    Fault(
        "entrypoints-uncounted-requests-fail",
        "A request that cannot be counted is asked to come again.",
        f"{PACKAGE}/entrypoints/http.py",
        "        except UnavailableError as error:",
        "        except NotImplementedError as error:",
        [TEST_ROUTE_LIMITS],
    ),
    Fault(
        "entrypoints-source-by-a-header",
        "The source address is API Gateway's word.",
        REQUESTS,
        'return Client(http["sourceIp"],',
        'return Client((event.get("headers") or {}).get("x-forwarded-for") or http["sourceIp"],',
        [TEST_ROUTE_LIMITS],
    ),
    Fault(
        "entrypoints-429-without-retry-after",
        "A request above the limit is told when to come back.",
        PROBLEMS,
        "    if isinstance(error, TooManyRequestsError):",
        "    if isinstance(error, UnavailableError):",
        [TEST_ROUTE_LIMITS],
    ),
    Fault(
        "inputs-true-is-a-number",
        "Neither `true` nor `1.0` is a number.",
        INPUTS,
        "    int, Field(strict=True, ge=0, lt=2**64)",
        "    int, Field(ge=0, lt=2**64)",
        [TEST_INPUTS],
    ),
    Fault(
        "inputs-underscores-in-numbers",
        "A number in text is decimal digits only.",
        INPUTS,
        "    if not _DECIMAL.fullmatch(given):",
        "    if not given:",
        [TEST_INPUTS],
    ),
    Fault(
        "inputs-year-1",
        "A time is from 2000 on.",
        INPUTS,
        "if not FIRST_MOMENT <= moment < LAST_MOMENT:",
        "if not moment < LAST_MOMENT:",
        [TEST_INPUTS],
    ),
    Fault(
        "inputs-invisible-names",
        "A name has no control characters and none that change the direction of text.",
        INPUTS,
        "if not text.isprintable() or",
        "if",
        [TEST_INPUTS],
    ),
)
