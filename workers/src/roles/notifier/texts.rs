//! Text messages: one-time codes by SMS and WhatsApp, sent by the gateway. What is owed, recorded and tried again
//! is so as with letters.

use std::sync::Arc;

use countersign_engine::effect::EffectKind;
use countersign_engine::requirement::CODE_LIFE;
use futures_util::future::join_all;

use super::{Owed, find, settle, timely};
use crate::gateway::{self, ErrandKind, NotAnswered, Standing};
use crate::language::Language;
use crate::mail::{MailError, code_message};
use crate::service::Service;
use crate::store::Claim;

/// Most messages sent in one go.
pub(super) const AT_ONCE: i64 = 32;

pub(super) async fn post(service: Arc<Service>, claims: Vec<Claim>) {
    let found = join_all(claims.into_iter().map(|claim| find(&service, claim))).await;
    let owed = timely(&service, found.into_iter().flatten()).await;
    let sent = owed.into_iter().map(|owed| async {
        let result = send(&service, &owed).await;
        settle(&service, owed, result).await;
    });
    join_all(sent).await;
}

async fn send(service: &Service, owed: &Owed) -> Result<(), MailError> {
    let permanent = |reason: &str| MailError::Permanent(reason.to_owned());
    let gateway = service.gateway.as_ref().ok_or_else(|| permanent("no gateway is configured"))?;
    let message = message(service, owed).ok_or_else(|| permanent("nobody to send it to"))?;
    match gateway.ask(&message, service.clock.now()).await {
        Ok(answer) if answer.status == Standing::Accepted => Ok(()),
        Ok(_) => Err(permanent("the gateway could not send it")),
        Err(error @ NotAnswered::Refused { .. }) => Err(MailError::Permanent(error.to_string())),
        Err(error @ NotAnswered::Away { .. }) => Err(MailError::Transient(error.to_string())),
    }
}

fn message(service: &Service, owed: &Owed) -> Option<gateway::Errand> {
    let request = &owed.request;
    let signer = request.signer(owed.effect.signer?)?;
    let kind = match owed.effect.kind {
        EffectKind::SmsCode => ErrandKind::SmsCode,
        EffectKind::WhatsappCode => ErrandKind::WhatsappCode,
        _ => return None,
    };
    let code = owed.code(service)?;
    let language = Language::from_tag(request.language_of(signer));
    let text = code_message(language, &code, request.organization.as_str(), CODE_LIFE.as_mins());
    let mut message = gateway::Errand::new(owed.claim.key.clone(), kind, request, signer);
    message.text = Some(text);
    message.to = Some(signer.person.as_ref()?.phone.as_ref()?.as_str().to_owned());
    message.code = Some(code);
    Some(message)
}
