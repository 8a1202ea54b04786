"""The gate: an ASGI layer around LiteLLM's application, the only way for a virtual key to reach a model.

It forwards what it has checked and nothing else, and keeps a record of every call that was answered. The rules:

1. A route or a request parameter reaches LiteLLM only if it is listed here. No header of the caller does but the key.
2. One request is one call of one model that the price book names.
3. Every call has an id that the gate made; a caller cannot choose it.
4. The record of an answer is stored before the last byte of the answer is passed on.
5. A call is made only if what it can cost at most fits into the credit that the gate holds for its key.
"""
