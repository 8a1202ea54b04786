// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// Local stand-in for Flare's registry: names to addresses, fixed at deployment.
contract FlareContractRegistry {
    string[] private names;
    mapping(bytes32 nameHash => address) private addresses;

    constructor(string[] memory _names, address[] memory _addresses) {
        require(_names.length == _addresses.length, "names and addresses differ in number");
        names = _names;
        for (uint256 i = 0; i < _names.length; i++) {
            addresses[keccak256(abi.encode(_names[i]))] = _addresses[i];
        }
    }

    function getContractAddressByName(string calldata _name) external view returns (address) {
        return addresses[keccak256(abi.encode(_name))];
    }

    function getContractAddressByHash(bytes32 _nameHash) external view returns (address) {
        return addresses[_nameHash];
    }

    function getAllContracts() external view returns (string[] memory, address[] memory) {
        address[] memory all = new address[](names.length);
        for (uint256 i = 0; i < names.length; i++) {
            all[i] = addresses[keccak256(abi.encode(names[i]))];
        }
        return (names, all);
    }
}
