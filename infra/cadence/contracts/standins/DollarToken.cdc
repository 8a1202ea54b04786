import "FungibleToken"
import "FungibleTokenMetadataViews"

/// Stands in for a dollar that is bridged to Flow, such as PYUSD0: a fungible token of which one is worth a dollar.
/// Anybody may mint it here.
access(all) contract DollarToken: FungibleToken {

    /// All tokens that were minted; burning is not counted here.
    access(all) var totalSupply: UFix64

    /// Holds tokens.
    access(all) resource Vault: FungibleToken.Vault {
        access(all) var balance: UFix64

        init(balance: UFix64) {
            self.balance = balance
        }

        access(contract) fun burnCallback() {
            self.balance = 0.0
        }

        access(all) view fun getViews(): [Type] {
            return DollarToken.getContractViews(resourceType: nil)
        }

        access(all) fun resolveView(_ view: Type): AnyStruct? {
            return DollarToken.resolveContractView(resourceType: nil, viewType: view)
        }

        access(all) view fun getSupportedVaultTypes(): {Type: Bool} {
            return {self.getType(): true}
        }

        access(all) view fun isSupportedVaultType(type: Type): Bool {
            return type == self.getType()
        }

        access(all) view fun isAvailableToWithdraw(amount: UFix64): Bool {
            return amount <= self.balance
        }

        access(FungibleToken.Withdraw) fun withdraw(amount: UFix64): @DollarToken.Vault {
            self.balance = self.balance - amount
            return <-create Vault(balance: amount)
        }

        access(all) fun deposit(from: @{FungibleToken.Vault}) {
            let vault <- from as! @DollarToken.Vault
            self.balance = self.balance + vault.balance
            destroy vault
        }

        access(all) fun createEmptyVault(): @DollarToken.Vault {
            return <-create Vault(balance: 0.0)
        }
    }

    access(all) fun createEmptyVault(vaultType: Type): @DollarToken.Vault {
        pre {
            vaultType == Type<@DollarToken.Vault>(): "DollarToken: there is no vault of \(vaultType.identifier)"
        }
        return <-create Vault(balance: 0.0)
    }

    /// New tokens, for whoever asks.
    access(all) fun mint(amount: UFix64): @DollarToken.Vault {
        self.totalSupply = self.totalSupply + amount
        return <-create Vault(balance: amount)
    }

    access(all) view fun getContractViews(resourceType: Type?): [Type] {
        return resourceType == nil ? [Type<FungibleTokenMetadataViews.FTVaultData>()] : []
    }

    access(all) fun resolveContractView(resourceType: Type?, viewType: Type): AnyStruct? {
        if resourceType != nil || viewType != Type<FungibleTokenMetadataViews.FTVaultData>() {
            return nil
        }
        return FungibleTokenMetadataViews.FTVaultData(
            storagePath: /storage/dollarTokenVault,
            receiverPath: /public/dollarTokenReceiver,
            metadataPath: /public/dollarTokenBalance,
            receiverLinkedType: Type<&DollarToken.Vault>(),
            metadataLinkedType: Type<&DollarToken.Vault>(),
            createEmptyVaultFunction: fun (): @{FungibleToken.Vault} {
                return <-DollarToken.createEmptyVault(vaultType: Type<@DollarToken.Vault>())
            }
        )
    }

    init() {
        self.totalSupply = 0.0
    }
}
