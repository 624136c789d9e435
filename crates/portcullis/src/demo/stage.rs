//! What the demo stands on: a folder that goes away with it, the sample platform, the gate.
//!
//! Must not know the script.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use portcullis_plaza::{Plaza, Settings, Showcase};
use portcullis_registry::{Actor, ActorKind, Command, SubjectId, Use};
use portcullis_types::{KeyId, PartnerId, ReasonCode};

use super::Player;
use super::print::name;
use super::script::Who;
use crate::config::{Secret, load};
use crate::gate::{Gate, bootstrap};
use crate::serve::Stop;
use crate::starter::{self, ConfigText, EXAMPLE_SET, Plan, random_hex};

/// Platform, gate and players.
pub(crate) struct Theatre {
    runtime: tokio::runtime::Runtime,
    platform: portcullis_plaza::Running,
    gate: Gate,
    ids: Showcase,
    players: Vec<Player>,
    dir: PathBuf,
    admin_token: Secret,
}

/// What a player declared when it was accepted.
struct Part {
    who: Who,
    r#use: Use,
    calls_per_hour: u64,
    accounts: Vec<String>,
}

fn parts(ids: &Showcase) -> [Part; 3] {
    let part = |who, r#use, calls_per_hour, accounts: &[&String]| Part {
        who,
        r#use,
        calls_per_hour,
        accounts: accounts.iter().map(|account| (*account).clone()).collect(),
    };
    [
        part(Who::Honest, Use::Publishing, 600, &[&ids.paging_user]),
        part(Who::Sweeper, Use::ReviewDigest, 60, &[]),
        part(Who::StorySaver, Use::StoryInsights, 60, &[&ids.business_user]),
    ]
}

impl Theatre {
    /// Starts everything, once the files of the deployment are as they are to be.
    pub(crate) fn open(prepare: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("the demo's runtime can't start")?;
        let credential = Secret::new(format!("plaza_{}", random_hex()?.as_str()));
        let platform = runtime.block_on(Plaza::start(Settings::new(credential.expose())))?;
        let ids = platform.showcase().context("the sample platform lacks something to show")?;
        let dir = folder()?;
        let [public, admin] = free_ports()?;
        let written = starter::write(&Plan {
            dir: dir.clone(),
            config: ConfigText {
                upstream: format!("http://{}", platform.addr()),
                public_listen: public.to_string(),
                public_url: format!("http://{public}"),
                admin_listen: admin.to_string(),
                records: "none",
            },
            platform_credential: Some(credential),
            set: EXAMPLE_SET
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
        })?;
        prepare(&dir)?;
        let config = load(&written.config)
            .map_err(|faults| anyhow::anyhow!("{}", portcullis_yaml::Faults(faults)))?;
        let gate = Gate::start(config)?;
        let (players, admin_token) = (Vec::new(), written.admin_token);
        Ok(Self { runtime, platform, gate, ids, players, dir, admin_token })
    }

    /// Declares the three players, and gives each a key.
    pub(crate) fn cast(&mut self) -> anyhow::Result<()> {
        for part in parts(&self.ids) {
            let who = part.who;
            let partner = PartnerId::new(name(who))?;
            // Without a tier of its own, a partner is on the one for its use.
            self.gate.submit(
                actor(),
                Command::AddPartner {
                    id: partner.clone(),
                    name: name(who).to_owned(),
                    tier: None,
                    r#use: part.r#use,
                    declared_use: String::new(),
                    scopes: None,
                    facts: bootstrap::calls_per_hour(part.calls_per_hour),
                },
            )?;
            if !part.accounts.is_empty() {
                self.gate.grant(actor(), bootstrap::granted(&partner, &part.accounts))?;
            }
            let (key_id, key) =
                bootstrap::issue(&self.gate.minter(), (partner, None), |command| {
                    self.gate.submit(actor(), command)
                })?;
            self.players.push(Player { who, key_id, key });
        }
        Ok(())
    }

    pub(crate) fn public(&self) -> SocketAddr {
        self.gate.public()
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.gate.admin()
    }

    pub(crate) fn platform(&self) -> String {
        format!("http://{}", self.platform.addr())
    }

    pub(crate) fn ids(&self) -> &Showcase {
        &self.ids
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.dir.join("portcullis.yaml")
    }

    pub(crate) fn player(&self, who: Who) -> anyhow::Result<&Player> {
        self.players.iter().find(|player| player.who == who).context("nobody plays this part")
    }

    /// Holds a key; the effect in one line.
    pub(crate) fn hold(
        &self,
        key: &KeyId,
        reason: ReasonCode,
        tell: &str,
    ) -> anyhow::Result<String> {
        let subject = SubjectId::Key(key.clone());
        Ok(self.gate.submit(actor(), Command::hold(subject, reason, tell))?.what)
    }

    /// Restores a key; the effect in one line.
    pub(crate) fn restore(
        &self,
        key: &KeyId,
        reason: ReasonCode,
        tell: &str,
    ) -> anyhow::Result<String> {
        let subject = SubjectId::Key(key.clone());
        Ok(self.gate.submit(actor(), Command::restore(subject, reason, tell))?.what)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The gate itself, to be asked as its machine's owner.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Verifies the log: whether it is clean, and a line about it.
    pub(crate) fn verify(&self) -> anyhow::Result<(bool, String)> {
        self.gate.verify()
    }

    /// Prints addresses and keys as JSON and stays up.
    pub(crate) fn bare(self) -> anyhow::Result<ExitCode> {
        let keys: serde_json::Map<_, _> = self
            .players
            .iter()
            .map(|player| {
                (
                    name(player.who).to_owned(),
                    serde_json::json!({"id": player.key_id, "key": player.key.expose()}),
                )
            })
            .collect();
        let ids = &self.ids;
        let facts = serde_json::json!({
            "public": format!("http://{}", self.public()),
            "admin": format!("http://{}", self.admin()),
            "admin_token": self.admin_token.expose(),
            "platform": self.platform(),
            "config": self.config_path(),
            "keys": keys,
            "ids": {
                "paging_user": ids.paging_user, "business_user": ids.business_user,
                "business_username": ids.business_username, "live_story": ids.live_story,
                "expired_story": ids.expired_story, "post": ids.post, "places": ids.places,
                "hashtag": ids.hashtag, "hashtag_name": ids.hashtag_name,
            },
        });
        let mut out = std::io::stdout().lock();
        writeln!(out, "{facts}").context("nobody reads standard output")?;
        out.flush().context("nobody reads standard output")?;
        drop(out);
        self.wait_for_ctrl_c()?;
        self.close();
        Ok(ExitCode::SUCCESS)
    }

    pub(crate) fn wait_for_ctrl_c(&self) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            Stop::watch()?.asked().await;
            Ok(())
        })
    }

    /// Stops everything and removes the folder.
    pub(crate) fn close(self) {
        self.gate.stop();
        drop(self.platform);
        self.runtime.shutdown_background();
        if let Err(why) = std::fs::remove_dir_all(&self.dir) {
            crate::talk::warn(&format!("`{}` can't be removed: {why}", self.dir.display()));
        }
    }
}

pub(crate) fn actor() -> Actor {
    Actor { kind: ActorKind::Local, id: "demo".to_owned() }
}

fn folder() -> anyhow::Result<PathBuf> {
    let random = random_hex()?;
    let name: String = random.chars().take(8).collect();
    Ok(Path::new(&std::env::temp_dir()).join(format!("portcullis-demo-{name}")))
}

/// Two ports that nobody listens on: below those that outgoing connections are given, so that none of them
/// takes one before the gate does. Both are taken at once, or the second might be the first again.
fn free_ports() -> anyhow::Result<[SocketAddr; 2]> {
    let mut taken = Vec::new();
    for _ in 0..1000 {
        let random = random_hex()?;
        let port = u16::from_str_radix(random.get(..4).unwrap_or_default(), 16)? % 20_000;
        taken.extend(TcpListener::bind(("127.0.0.1", 10_000 + port)));
        if let [public, admin] = &*taken {
            return Ok([public.local_addr()?, admin.local_addr()?]);
        }
    }
    anyhow::bail!("no port is free")
}
