// Command cadence-lint type-checks and lints every Cadence file below a folder, as if it stood on the emulator:
//
//	cadence-lint FOLDER
//
// String imports are looked up in FOLDER/contracts, which is taken to lie on the service account, and then among the
// contracts that an emulator in this process has. Exits with 1 where there is anything to report: the upstream
// command reports and exits with 0, and knows no string imports.
package main

import (
	"fmt"
	"log"
	"os"
	"slices"
	"sync"

	"github.com/onflow/cadence-tools/lint"
	"github.com/onflow/cadence/common"
	"github.com/onflow/cadence/pretty"
	"github.com/onflow/cadence/stdlib"
	"github.com/onflow/cadence/tools/analysis"
	evm "github.com/onflow/flow-go/fvm/evm/stdlib"
	"github.com/onflow/flow-go/fvm/runtime"
)

const complexityMax = 10

// unusedResult is the one analyzer left out: functions are called for their effect too, and Cadence has no way to say so.
const unusedResult = "unused-result"

// internalEVM is what only the EVM contract sees; here its type is enough.
var internalEVM = stdlib.StandardLibraryValue{
	Name: evm.InternalEVMContractName,
	Type: evm.InternalEVMContractType,
	Kind: common.DeclarationKindContract,
}

// getAuthAccount is what only scripts may call.
var getAuthAccount = stdlib.StandardLibraryValue{
	Name: stdlib.GetAuthAccountFunctionName,
	Type: stdlib.GetAuthAccountFunctionType,
	Kind: common.DeclarationKindFunction,
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: cadence-lint FOLDER")
	}
	chain, err := newChain()
	if err != nil {
		log.Fatal(err)
	}
	files, err := readFiles(os.Args[1], chain)
	if err != nil {
		log.Fatal(err)
	}
	findings := lintAll(files, chain)
	fmt.Printf("%d Cadence files, %d findings\n", len(files), findings)
	if findings > 0 {
		os.Exit(1)
	}
}

// lintAll prints what is wrong with each file; how much it was.
func lintAll(files []file, chain *chain) (findings int) {
	programs := analysis.Programs{
		Programs:               map[common.Location]*analysis.Program{},
		CryptoContractLocation: func() common.Location { return chain.locations["Crypto"] },
	}
	config := configuration(files, chain)
	for _, file := range files {
		if err := programs.Load(config, file.location); err != nil {
			findings++
			printLoadError(err, file)
			continue
		}
		for _, found := range diagnose(programs.Get(file.location)) {
			findings++
			fmt.Printf("%s:%d:%d: %s: %s\n", file.path, found.StartPos.Line, found.StartPos.Column+1, found.Category, found.Message)
		}
	}
	return findings
}

// configuration resolves imports to our files and to the chain's contracts.
func configuration(files []file, chain *chain) *analysis.Config {
	codes := map[common.Location][]byte{}
	names := map[common.Address][]string{}
	for location, code := range chain.codes {
		codes[location] = code
		names[location.Address] = append(names[location.Address], location.Name)
	}
	for _, file := range files {
		codes[file.location] = file.code
		if location, ok := file.location.(common.AddressLocation); ok {
			names[location.Address] = append(names[location.Address], location.Name)
		}
	}
	config := analysis.NewSimpleConfig(lint.LoadMode, codes, names, nil)
	config.ExtraValues = func(location common.Location) []stdlib.StandardLibraryValue {
		values := []stdlib.StandardLibraryValue{runtime.TransactionIndexDeclaration(nil)}
		if location == chain.locations["EVM"] {
			values = append(values, internalEVM)
		}
		if isScript(location) {
			values = append(values, getAuthAccount)
		}
		return values
	}
	return config
}

// diagnose runs the linter's analyzers; what they found, in the order of the source.
func diagnose(program *analysis.Program) (found []analysis.Diagnostic) {
	analyzers := []*analysis.Analyzer{lint.NewCyclomaticComplexityAnalyzer(complexityMax, true)}
	for name, analyzer := range lint.Analyzers {
		if name != unusedResult {
			analyzers = append(analyzers, analyzer)
		}
	}
	var lock sync.Mutex // analyzers run at the same time
	program.Run(analyzers, func(diagnostic analysis.Diagnostic) {
		lock.Lock()
		defer lock.Unlock()
		found = append(found, diagnostic)
	})
	slices.SortFunc(found, func(a, b analysis.Diagnostic) int { return a.StartPos.Offset - b.StartPos.Offset })
	return found
}

func printLoadError(err error, file file) {
	fmt.Println(file.path)
	codes := map[common.Location][]byte{file.location: file.code}
	if err := pretty.NewErrorPrettyPrinter(os.Stdout, false).PrettyPrintError(err, file.location, codes); err != nil {
		fmt.Println(err)
	}
}
