// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

interface IFees {
    function getRequestFee(bytes calldata _data) external view returns (uint256);
}

/// Local stand-in: takes the fee and announces the request; what is overpaid is kept, as on Flare.
contract FdcHub {
    event AttestationRequest(bytes data, uint256 fee);

    IFees public immutable fdcRequestFeeConfigurations;
    uint8 public constant requestsOffsetSeconds = 0;

    constructor(IFees _fees) {
        fdcRequestFeeConfigurations = _fees;
    }

    function requestAttestation(bytes calldata _data) external payable {
        uint256 fee = fdcRequestFeeConfigurations.getRequestFee(_data);
        require(msg.value >= fee, "fee to low, call getRequestFee to get the required fee amount");
        emit AttestationRequest(_data, msg.value);
    }
}
