//! The section of a workspace file about who is who, with the mailboxes of roles where it is silent.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::event::AddressKind;
use crate::domain::workspace::IdentityConfig;

/// Mailboxes that several people read and write, by what stands before the `@`: RFC 2142, and what companies and offices use in English,
/// German, French, Spanish, Portuguese, Italian, Dutch, Polish, and the Nordic languages.
const ROLE_MAILBOXES: &[&str] = &[
    "abuse",
    "account",
    "accounting",
    "accounts",
    "admin",
    "administracao",
    "administracion",
    "administration",
    "administrator",
    "administrazione",
    "all",
    "anfrage",
    "assistance",
    "atencion",
    "atendimento",
    "bestellung",
    "bestellungen",
    "billing",
    "biuro",
    "booking",
    "buchhaltung",
    "bureau",
    "careers",
    "commande",
    "commercial",
    "compras",
    "compta",
    "comptabilite",
    "contabilidad",
    "contabilita",
    "contact",
    "contacto",
    "contactus",
    "contato",
    "contatti",
    "customercare",
    "customerservice",
    "direction",
    "einkauf",
    "empfang",
    "enquiries",
    "enquiry",
    "facturas",
    "facturation",
    "faktura",
    "family",
    "familie",
    "feedback",
    "finance",
    "financeiro",
    "frontdesk",
    "geral",
    "hello",
    "help",
    "helpdesk",
    "hola",
    "hostmaster",
    "hr",
    "impressum",
    "info",
    "information",
    "informations",
    "inkoop",
    "inquiries",
    "invoice",
    "invoices",
    "jobs",
    "kantoor",
    "kontakt",
    "kontor",
    "kundendienst",
    "kundenservice",
    "kundeservice",
    "kundservice",
    "legal",
    "marketing",
    "members",
    "noc",
    "office",
    "oficina",
    "order",
    "orders",
    "payments",
    "post",
    "postmaster",
    "praxis",
    "press",
    "presse",
    "privacy",
    "procurement",
    "purchasing",
    "purchase",
    "rechnung",
    "rechnungen",
    "reception",
    "recepcion",
    "rezeption",
    "sales",
    "secretariat",
    "secretaria",
    "security",
    "sekretariat",
    "sekretariatet",
    "service",
    "serwis",
    "shop",
    "soporte",
    "suporte",
    "support",
    "team",
    "uffici",
    "ufficio",
    "vendas",
    "ventas",
    "verkauf",
    "verkoop",
    "verwaltung",
    "vertrieb",
    "webmaster",
    "zentrale",
];

/// `[identity]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Identity {
    /// Mail addresses that several people use, as names before the @ or whole addresses: nobody's history is shown there, and nothing merges
    /// by them. A list of your own replaces the one that is built in.
    role_mailboxes: Vec<String>,
    /// Kinds of addresses of which a person has one: two of them never become one customer, and the address they have in common is shared
    /// from then on.
    single_valued: Vec<AddressKind>,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            role_mailboxes: ROLE_MAILBOXES.iter().map(|name| (*name).to_owned()).collect(),
            single_valued: vec![AddressKind::Crm, AddressKind::Login],
        }
    }
}

impl Identity {
    /// As the core looks them up: lower case, sorted, each once.
    pub(super) fn into_config(self) -> IdentityConfig {
        let named = self.role_mailboxes.iter().map(|name| name.trim().to_lowercase());
        let mut role_mailboxes: Vec<String> = named.filter(|name| !name.is_empty()).collect();
        role_mailboxes.sort_unstable();
        role_mailboxes.dedup();
        let mut single_valued = self.single_valued;
        single_valued.sort_unstable();
        single_valued.dedup();
        IdentityConfig { role_mailboxes, single_valued }
    }
}
