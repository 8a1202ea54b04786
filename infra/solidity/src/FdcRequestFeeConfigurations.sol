// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// Local stand-in: what an attestation costs, by attestation type and source.
contract FdcRequestFeeConfigurations {
    event TypeAndSourceFeeSet(bytes32 indexed attestationType, bytes32 indexed source, uint256 fee);

    address private immutable governance = msg.sender;
    mapping(bytes32 typeAndSource => uint256) private fees;

    function setTypeAndSourceFee(bytes32 _type, bytes32 _source, uint256 _fee) external {
        require(msg.sender == governance, "only governance");
        require(_fee > 0, "fee must be greater than 0");
        fees[keccak256(abi.encodePacked(_type, _source))] = _fee;
        emit TypeAndSourceFeeSet(_type, _source, _fee);
    }

    function getRequestFee(bytes calldata _data) external view returns (uint256 fee) {
        require(_data.length >= 64, "Request data too short, should at least specify type and source");
        fee = fees[keccak256(_data[:64])];
        require(fee > 0, "Type and source combination not supported");
    }
}
