// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// Calls a contract while it is created, so that no transaction has that call's calldata as its input.
contract IndirectCall {
    constructor(address _to, bytes memory _calldata) {
        (bool succeeded,) = _to.call(_calldata);
        require(succeeded, "the call failed");
    }
}
