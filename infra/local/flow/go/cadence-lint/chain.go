package main

import (
	"github.com/onflow/cadence/common"
	"github.com/onflow/flow-emulator/emulator"
	"github.com/onflow/flow-go/fvm/systemcontracts"
	"github.com/onflow/flow-go/model/flow"
	"github.com/rs/zerolog"
)

// chain is what a fresh emulator holds: the contracts that every Flow network brings.
type chain struct {
	service   common.Address
	codes     map[common.AddressLocation][]byte
	locations map[string]common.AddressLocation
}

func newChain() (*chain, error) {
	blockchain, err := emulator.New(emulator.WithLogger(zerolog.Nop()), emulator.WithSetupVMBridgeEnabled(false))
	if err != nil {
		return nil, err
	}
	made := &chain{
		service:   common.Address(flow.Emulator.Chain().ServiceAddress()),
		codes:     map[common.AddressLocation][]byte{},
		locations: map[string]common.AddressLocation{},
	}
	for _, contract := range systemcontracts.SystemContractsForChain(flow.Emulator).All() {
		account, err := blockchain.GetAccount(contract.Address)
		if err != nil {
			return nil, err
		}
		for name, code := range account.Contracts {
			location := common.AddressLocation{Address: common.Address(contract.Address), Name: name}
			made.codes[location] = code
			made.locations[name] = location
		}
	}
	return made, nil
}
