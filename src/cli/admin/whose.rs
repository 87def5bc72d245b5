//! The flags of every verb, and the call itself.

use anyhow::Context as _;
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;

use crate::cli::client::{Target, connect};
use crate::proto::admin::admin_service_client::AdminServiceClient;

/// Who asks, and which daemon.
#[derive(Debug, clap::Args)]
pub(super) struct Whose {
    /// Name under which the decision is recorded.
    #[arg(long, default_value = "operator")]
    operator: String,
    #[command(flatten)]
    pub(super) target: Target,
}

impl Whose {
    pub(super) async fn client(&self) -> anyhow::Result<AdminServiceClient<Channel>> {
        Ok(AdminServiceClient::new(connect(&self.target.grpc()?).await?))
    }

    /// The message with the operator's name.
    pub(super) fn asks<T>(&self, message: T) -> anyhow::Result<Request<T>> {
        let mut request = Request::new(message);
        let name =
            MetadataValue::try_from(&self.operator).context("a name with characters that headers cannot hold")?;
        request.metadata_mut().insert("skein-operator", name);
        Ok(request)
    }
}
