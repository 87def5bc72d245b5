//! The flags of every verb, and the call itself.

use anyhow::Context as _;
use tonic::Request;
use tonic::metadata::MetadataValue;

use crate::cli::client::{Port, Target};
use crate::proto::admin::admin_service_client::AdminServiceClient;

/// Who asks, and which daemon.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Whose {
    /// Name under which the decision is recorded; `operator` when left out, and with a token the one in it.
    #[arg(long)]
    operator: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) target: Target,
}

impl Whose {
    pub(in crate::cli) async fn client(&self) -> anyhow::Result<AdminServiceClient<Port>> {
        Ok(AdminServiceClient::new(self.target.reach()?.connect().await?))
    }

    /// The message with the operator's name.
    pub(in crate::cli) fn asks<T>(&self, message: T) -> anyhow::Result<Request<T>> {
        let mut request = Request::new(message);
        if let Some(name) = self.target.operator(self.operator.as_deref()) {
            let name = MetadataValue::try_from(name).context("a name with characters that headers cannot hold")?;
            request.metadata_mut().insert("skein-operator", name);
        }
        Ok(request)
    }
}
