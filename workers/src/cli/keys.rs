//! `keys create|list|revoke`.

use std::process::ExitCode;

use clap::Subcommand;
use countersign_engine::command::NAME_MAX;
use countersign_engine::ids::{KeyId, OrganizationId};
use jiff::Timestamp;

use super::Failed;
use crate::clock::{Clock, from_micros};
use crate::config::Settings;
use crate::http::auth::{Permission, give_crypt, new_key};
use crate::service::mac_secrets::mac_secret;
use crate::service::open_installation;
use crate::stamp;
use crate::store::Scope;
use crate::vault::Vault;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Make a key; prints it alone, this once
    Create {
        /// Whose key it is; an organization exists from its first key
        #[arg(long)]
        organization: OrganizationId,
        /// What it is for
        #[arg(long)]
        name: String,
        /// ESIGNATURE_CREATE, ESIGNATURE_READ, ESIGNATURE_DELETE, ESIGNATURE_ADMIN, envelopes:read, envelopes:write,
        /// webhooks:write, separated by commas
        #[arg(long, value_delimiter = ',', required = true)]
        permissions: Vec<Permission>,
        /// A key that works in the organization's test world: nobody is written to, and what is sealed says so
        #[arg(long)]
        test: bool,
        /// Give it a second secret, as a client of D4Sign has one; prints three lines: tokenAPI, cryptKey, and what the
        /// webhooks of its documents are stamped with
        #[arg(long)]
        crypt_key: bool,
    },
    /// List keys without their secrets
    List {
        /// Only this organization's
        #[arg(long)]
        organization: Option<OrganizationId>,
    },
    /// Revoke a key; it stops working within a second
    Revoke {
        /// Whose key it is
        #[arg(long)]
        organization: OrganizationId,
        /// Which, as listed
        #[arg(long)]
        id: KeyId,
    },
}

pub(super) async fn run(action: Action, settings: &Settings) -> Result<ExitCode, Failed> {
    let (store, masters) = open_installation(settings).await?;
    let now = Clock::System.now();
    let code = match action {
        Action::Create { organization, name, mut permissions, test, crypt_key } => {
            if name.trim().is_empty() || name.chars().count() > NAME_MAX || name.contains(char::is_control) {
                return Err(format!("--name is one line of 1 to {NAME_MAX} characters").into());
            }
            permissions.sort_unstable();
            permissions.dedup();
            let world = if test { organization.test_world() } else { organization };
            let (mut row, secret) = new_key(world, name, &permissions, now);
            let crypt = crypt_key.then(|| give_crypt(&mut row, &stamp::random()));
            store.insert_key(&row).await?;
            println!("{secret}");
            if let Some(crypt) = crypt {
                let mac = mac_secret(&store, &Vault::new(&masters)?, row.id).await?;
                println!("{crypt}\n{}", mac.text());
            }
            ExitCode::SUCCESS
        }
        Action::List { organization } => {
            let organization = organization.map(|organization| organization.owner());
            for key in store.keys(organization.as_ref().map_or(Scope::All, Scope::Of)).await? {
                let state = match key.revoked_us {
                    Some(revoked) => format!("revoked {}", day(from_micros(revoked))),
                    None => "active".to_owned(),
                };
                let made = day(from_micros(key.created_us));
                let used =
                    key.last_used_us.map_or("never used".to_owned(), |used| format!("used {}", day(from_micros(used))));
                println!(
                    "{}  {}  {}  {made}  {used}  {state}  {}  {}",
                    key.id, key.organization, key.hint, key.permissions, key.name
                );
            }
            ExitCode::SUCCESS
        }
        Action::Revoke { organization, id } => {
            let owner = organization.owner();
            match store.revoke_key(&owner, id, now.as_microsecond()).await? {
                true => ExitCode::SUCCESS,
                false => return Err(format!("{owner} has no active key {id}").into()),
            }
        }
    };
    store.close().await;
    Ok(code)
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
