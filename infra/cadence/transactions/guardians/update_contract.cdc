import "CodeUpdates"

/// Puts announced code of a contract in force, after its notice. Anyone may send this.
transaction(code: String, name: String) {
    execute {
        CodeUpdates.update(name: name, code: code)
    }
}
