//! `ConversationService`.

use std::pin::Pin;

use futures::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::{Service, attachment, upload, watch};
use crate::agents::audit::{Of, Read, audit};
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::history::{self, Page, Token};
use crate::agents::limits::PAGE_MAX;
use crate::agents::status::{Reason, Refusal};
use crate::domain::id::{Name, RootId};
use crate::domain::view::{ConversationView, OptionsOf};
use crate::proto::agent as p;
use crate::proto::agent::conversation_service_server::ConversationService;

impl Service {
    async fn view(&self, caller: &Caller, id: &str) -> Result<ConversationView, Refusal> {
        let id = convert::conversation_id(id)?;
        let view = self.edge.shard.conversation(caller.workspace.clone(), id).await?;
        view.ok_or_else(|| Refusal::new(Reason::UnknownConversation, "unknown conversation"))
    }

    async fn history(
        &self,
        caller: Caller,
        request: p::ListMessagesRequest,
    ) -> Result<p::ListMessagesResponse, Refusal> {
        let size = convert::page_size(request.page_size, PAGE_MAX)?;
        let token = Some(request.page_token).filter(|token| !token.is_empty());
        let bad = || Refusal::invalid("page_token", "is not one that was given out");
        let token = token.map(|token| Token::decode(&token).ok_or_else(bad)).transpose()?;
        let view = self.view(&caller, &request.conversation_id).await?;
        audit(&caller, Read::Messages, Of::Customer(view.conversation));
        let edge = &self.edge;
        let sight = edge.sight(&caller).await?;
        let Page { messages, next } =
            history::page(&*edge.shard, &edge.names, &caller, (&view, &sight), token, size).await?;
        let next_page_token = next.map(|token| token.encode()).unwrap_or_default();
        Ok(p::ListMessagesResponse { messages, next_page_token })
    }

    async fn options(
        &self,
        caller: Caller,
        request: &p::ReplyOptionsRequest,
    ) -> Result<p::ReplyOptionsResponse, Refusal> {
        let (edge, workspace) = (&self.edge, caller.workspace.clone());
        let of = convert::options_of(request)?;
        let whose = match of {
            OptionsOf::Work(work) => Of::Work(work),
            OptionsOf::Customer(customer) => Of::Customer(customer),
            OptionsOf::Identity(leaf) => Of::Customer(RootId(leaf.0)),
        };
        audit(&caller, Read::ReplyOptions, whose);
        edge.may_be_asked_of(&caller, of).await?;
        let found = edge.shard.reply_options(workspace.clone(), of).await?;
        let unknown = || match of {
            OptionsOf::Work(_) => Refusal::new(Reason::UnknownWork, "unknown work, or not open"),
            OptionsOf::Customer(_) | OptionsOf::Identity(_) => {
                Refusal::new(Reason::UnknownConversation, "unknown conversation")
            }
        };
        let found = found.ok_or_else(unknown)?;
        Ok(convert::reply_options(found, |endpoint| edge.adapters.is_degraded(&workspace, endpoint)))
    }
}

#[tonic::async_trait]
impl ConversationService for Service {
    type WatchConversationStream = Pin<Box<dyn Stream<Item = Result<p::WatchConversationResponse, Status>> + Send>>;
    type GetAttachmentStream = Pin<Box<dyn Stream<Item = Result<p::GetAttachmentResponse, Status>> + Send>>;

    async fn get_conversation(
        &self,
        request: Request<p::GetConversationRequest>,
    ) -> Result<Response<p::GetConversationResponse>, Status> {
        let caller = self.caller(&request)?;
        let found = async {
            let view = self.view(&caller, &request.get_ref().conversation_id).await?;
            audit(&caller, Read::Conversation, Of::Customer(view.conversation));
            let sight = self.edge.sight(&caller).await?;
            Ok(p::GetConversationResponse { conversation: Some(convert::conversation_seen(view, &sight)) })
        };
        self.answer(found.await)
    }

    async fn list_messages(
        &self,
        request: Request<p::ListMessagesRequest>,
    ) -> Result<Response<p::ListMessagesResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.history(caller, request.into_inner()).await)
    }

    async fn watch_conversation(
        &self,
        request: Request<p::WatchConversationRequest>,
    ) -> Result<Response<Self::WatchConversationStream>, Status> {
        let caller = self.caller(&request)?;
        let watched = async {
            let asked = convert::conversation_id(&request.get_ref().conversation_id)?;
            let view = self.view(&caller, &request.get_ref().conversation_id).await?;
            audit(&caller, Read::Monitor, Of::Customer(view.conversation));
            watch::watch(&self.edge, caller, asked, &view)
        };
        self.answer(watched.await)
    }

    async fn add_note(&self, request: Request<p::AddNoteRequest>) -> Result<Response<p::AddNoteResponse>, Status> {
        self.unary(request).await
    }

    async fn send_message(
        &self,
        request: Request<p::SendMessageRequest>,
    ) -> Result<Response<p::SendMessageResponse>, Status> {
        self.unary(request).await
    }

    async fn reply_options(
        &self,
        request: Request<p::ReplyOptionsRequest>,
    ) -> Result<Response<p::ReplyOptionsResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(self.options(caller, request.get_ref()).await)
    }

    async fn list_templates(
        &self,
        request: Request<p::ListTemplatesRequest>,
    ) -> Result<Response<p::ListTemplatesResponse>, Status> {
        let caller = self.caller(&request)?;
        let found = async {
            let request = request.get_ref();
            let endpoint = Some(&request.endpoint).filter(|name| !name.is_empty()).map(Name::from);
            let listed = self.edge.shard.templates(caller.workspace, endpoint).await?;
            let listed = listed.ok_or_else(|| Refusal::new(Reason::UnknownEndpoint, "unknown endpoint"))?;
            convert::templates(request, listed)
        };
        self.answer(found.await)
    }

    async fn cancel_message(
        &self,
        request: Request<p::CancelMessageRequest>,
    ) -> Result<Response<p::CancelMessageResponse>, Status> {
        self.unary(request).await
    }

    async fn retry_message(
        &self,
        request: Request<p::RetryMessageRequest>,
    ) -> Result<Response<p::RetryMessageResponse>, Status> {
        self.unary(request).await
    }

    async fn edit_message(
        &self,
        request: Request<p::EditMessageRequest>,
    ) -> Result<Response<p::EditMessageResponse>, Status> {
        self.unary(request).await
    }

    async fn retract_message(
        &self,
        request: Request<p::RetractMessageRequest>,
    ) -> Result<Response<p::RetractMessageResponse>, Status> {
        self.unary(request).await
    }

    async fn mark_read(&self, request: Request<p::MarkReadRequest>) -> Result<Response<p::MarkReadResponse>, Status> {
        self.unary(request).await
    }

    async fn send_typing(
        &self,
        request: Request<p::SendTypingRequest>,
    ) -> Result<Response<p::SendTypingResponse>, Status> {
        let caller = self.caller(&request)?;
        let sent = async {
            let work = convert::work_id(&request.get_ref().work_id)?;
            self.edge.send_typing(&caller, work).await
        };
        self.answer(sent.await.map(|forwarded| p::SendTypingResponse { forwarded }))
    }

    async fn put_attachment(
        &self,
        request: Request<Streaming<p::PutAttachmentRequest>>,
    ) -> Result<Response<p::PutAttachmentResponse>, Status> {
        let caller = self.caller(&request)?;
        self.answer(upload::take(&self.edge, &caller, request.into_inner()).await)
    }

    async fn get_attachment(
        &self,
        request: Request<p::GetAttachmentRequest>,
    ) -> Result<Response<Self::GetAttachmentStream>, Status> {
        let caller = self.caller(&request)?;
        self.answer(attachment::open(&self.edge, &caller, request.get_ref()).await)
    }
}
