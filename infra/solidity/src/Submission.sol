// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// Local stand-in: voters submit their signatures as calldata, which no contract keeps, as on Flare.
contract Submission {
    mapping(address sender => uint256 blockNumber) private lastSubmission;

    /// Returns whether it is the first call of the sender in this block. On Flare: in this round, and by a voter.
    function submitSignatures() external returns (bool isFirst) {
        isFirst = lastSubmission[msg.sender] != block.number;
        lastSubmission[msg.sender] = block.number;
    }
}
