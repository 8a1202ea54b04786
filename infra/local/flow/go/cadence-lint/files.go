package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/onflow/cadence/common"
)

const (
	contractsFolder = "contracts"
	scriptsFolder   = "scripts"
)

// file is one of our sources, with its string imports replaced by imports from addresses.
type file struct {
	path     string
	location common.Location
	code     []byte
}

var stringImport = regexp.MustCompile(`(?m)^import "(\w+)"$`)

// readFiles reads every .cdc file below the folder and tells the chain of those that are contracts.
func readFiles(folder string, chain *chain) ([]file, error) {
	var files []file
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".cdc" {
			return err
		}
		code, err := os.ReadFile(path)
		relative, _ := filepath.Rel(folder, path)
		files = append(files, file{path, chain.place(relative), code})
		return err
	})
	for index := range files {
		files[index].code = withAddresses(files[index].code, chain)
	}
	return files, err
}

// place gives a source its location; contracts are on the service account.
func (chain *chain) place(path string) common.Location {
	if !strings.HasPrefix(path, contractsFolder+string(filepath.Separator)) {
		return common.StringLocation(path)
	}
	name := strings.TrimSuffix(filepath.Base(path), ".cdc")
	chain.locations[name] = common.AddressLocation{Address: chain.service, Name: name}
	return chain.locations[name]
}

func isScript(location common.Location) bool {
	path, isPath := location.(common.StringLocation)
	return isPath && strings.HasPrefix(string(path), scriptsFolder+string(filepath.Separator))
}

// withAddresses replaces string imports; an unknown one stays and is reported by the type checker.
func withAddresses(code []byte, chain *chain) []byte {
	return stringImport.ReplaceAllFunc(code, func(line []byte) []byte {
		name := string(stringImport.FindSubmatch(line)[1])
		location, known := chain.locations[name]
		if !known {
			return line
		}
		return []byte("import " + name + " from " + location.Address.HexWithPrefix())
	})
}
