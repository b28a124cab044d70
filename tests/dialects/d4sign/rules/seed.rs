//! The rules of seed 001 for a signer of a `createlist`, in its own words, with cases of each. `<1001>` is a text so long,
//! `<score>` the similarity that is asked for, with a name and a CPF.

/// A patch of a signer; and what the list says of them then, or what the message says, the field first.
pub(super) type Case = (&'static str, &'static str);

/// A rule, with patches that keep it and patches that break it.
pub(super) struct Rule {
    /// As the seed has it.
    pub(super) seed: &'static str,
    pub(super) kept: &'static [Case],
    pub(super) broken: &'static [Case],
}

const fn rule(seed: &'static str, kept: &'static [Case], broken: &'static [Case]) -> Rule {
    Rule { seed, kept, broken }
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "email (obrigatório) E-mail do signatário (pessoa que precisa assinar o documento)",
        &[(r#"{ "email": "bia@example.com" }"#, r#"{ "email": "bia@example.com" }"#)],
        &[
            (r#"{ "email": "" }"#, "email: email is required."),
            (r#"{ "email": null }"#, "email: email is required."),
            (r#"{ "email": "nobody" }"#, "email: This is not an e-mail address."),
            (r#"{ "email": ["a@example.com"] }"#, "email: email must be a text."),
            (r#"{ "email": "<244>@example.com" }"#, "email: email has at most 255 characters."),
        ],
    ),
    rule(
        "act (obrigatório) Ação da assinatura. Ações permitidas: 1 … 13",
        &[
            (r#"{ "act": "1" }"#, r#"{ "type": "1", "foreign": "0", "certificadoicpbr": "0" }"#),
            (r#"{ "act": 13 }"#, r#"{ "type": "13" }"#),
        ],
        &[
            (r#"{ "act": null }"#, "act: act is required."),
            (r#"{ "act": "" }"#, "act: act is required."),
            (r#"{ "act": "0" }"#, "act: act is 1 to 13."),
            (r#"{ "act": "14" }"#, "act: act is 1 to 13."),
            (r#"{ "act": "sign" }"#, "act: act is 1 to 13."),
        ],
    ),
    rule(
        "foreign (obrigatório) 0 = Possui CPF (Brasileiro). 1 = Não possui CPF (Estrangeiro).",
        &[(r#"{ "foreign": "0" }"#, r#"{ "foreign": "0" }"#), (r#"{ "foreign": "1" }"#, r#"{ "foreign": "1" }"#)],
        &[
            (r#"{ "foreign": null }"#, "foreign: foreign is required."),
            (r#"{ "foreign": "2" }"#, "foreign: foreign is 0 or 1."),
        ],
    ),
    rule(
        "foreign_lang Indica qual idioma será utilizado para o estrangeiro.",
        &[
            (r#"{ "foreign": "1", "foreign_lang": "en" }"#, r#"{ "foreign": "1" }"#),
            (r#"{ "foreign": "1", "foreign_lang": "es" }"#, r#"{ "foreign": "1" }"#),
            (r#"{ "foreign": true, "foreign_lang": "ptBR" }"#, r#"{ "foreign": "1" }"#),
            (r#"{ "foreign_lang": "ptBR" }"#, r#"{ "foreign": "0" }"#),
        ],
        &[
            (r#"{ "foreign_lang": "en" }"#, "foreign_lang: Only a foreigner has another language: foreign must be 1."),
            (r#"{ "foreign": "1", "foreign_lang": "fr" }"#, "foreign_lang: foreign_lang is one of , en, es, ptBR."),
        ],
    ),
    rule(
        "certificadoicpbr (obrigatório) 0 = Será efetuada a assinatura padrão. 1 = com um Certificado Digital ICP-Brasil.",
        &[(r#"{ "certificadoicpbr": "0" }"#, r#"{ "certificadoicpbr": "0" }"#)],
        &[
            (r#"{ "certificadoicpbr": null }"#, "certificadoicpbr: certificadoicpbr is required."),
            (r#"{ "certificadoicpbr": "yes" }"#, "certificadoicpbr: certificadoicpbr is 0 or 1."),
            (r#"{ "certificadoicpbr": "1" }"#, "certificadoicpbr: Our own pages cannot take"),
        ],
    ),
    rule(
        "assinatura_presencial (obrigatório) 1 = Será efetuada a assinatura presencial. 0 = Não será",
        &[(
            r#"{ "assinatura_presencial": "1" }"#,
            r#"{ "assinatura_presencial": "1", "assinatura_presencial_link": "" }"#,
        )],
        &[
            (r#"{ "assinatura_presencial": null }"#, "assinatura_presencial: assinatura_presencial is required."),
            (r#"{ "assinatura_presencial": "2" }"#, "assinatura_presencial: assinatura_presencial is 0 or 1."),
        ],
    ),
    rule(
        "docauth (opcional) 1 = Será efetuada a assinatura exigindo um documento com foto.",
        &[(r#"{ "docauth": "1" }"#, r#"{ "docauth": "1", "docauthandselfie": "0" }"#)],
        &[(r#"{ "docauth": "2" }"#, "docauth: docauth is 0 or 1.")],
    ),
    rule(
        "docauthandselfie (opcional) 1 = … um documento com foto e uma selfie segurando o documento.",
        &[
            (r#"{ "docauthandselfie": "1", "docauth": "0" }"#, r#"{ "docauthandselfie": "1", "docauth": "0" }"#),
            (r#"{ "docauthandselfie": "0" }"#, r#"{ "docauthandselfie": "0", "docauth": "0" }"#),
        ],
        &[(r#"{ "docauthandselfie": "x" }"#, "docauthandselfie: docauthandselfie is 0 or 1.")],
    ),
    rule(
        "embed_methodauth (opcional) email, password, sms, whats",
        &[
            (r#"{ "embed_methodauth": "email" }"#, r#"{ "embed_methodauth": "email" }"#),
            (r#"{ "embed_methodauth": "" }"#, r#"{ "embed_methodauth": "" }"#),
            (
                r#"{ "embed_methodauth": "sms", "embed_smsnumber": "+5511953020202" }"#,
                r#"{ "embed_methodauth": "sms" }"#,
            ),
            (
                r#"{ "embed_methodauth": "whats", "embed_smsnumber": "+5511953020202" }"#,
                r#"{ "embed_methodauth": "whats" }"#,
            ),
        ],
        &[
            (
                r#"{ "embed_methodauth": "pigeon" }"#,
                "embed_methodauth: embed_methodauth is one of , email, sms, whats.",
            ),
            (r#"{ "embed_methodauth": "password" }"#, "embed_methodauth: Signers have no accounts here"),
            (
                r#"{ "embed_methodauth": "sms" }"#,
                "embed_smsnumber: A code by SMS or WhatsApp needs a telephone number.",
            ),
            (
                r#"{ "embed_methodauth": "whats" }"#,
                "embed_smsnumber: A code by SMS or WhatsApp needs a telephone number.",
            ),
        ],
    ),
    rule(
        "embed_smsnumber (opcional) Atenção: esse número deverá seguir o padrão E.164.",
        &[
            (r#"{ "embed_smsnumber": "+5511953020202" }"#, r#"{ "embed_smsnumber": "+5511953020202" }"#),
            (r#"{ "embed_smsnumber": "" }"#, r#"{ "embed_smsnumber": "" }"#),
        ],
        &[(r#"{ "embed_smsnumber": "11953020202" }"#, "embed_smsnumber: A telephone number is written as")],
    ),
    rule(
        "upload_allow, upload_obs (opcional) Se o upload_allow for setado como 1, indique aqui quais documentos",
        &[
            (
                r#"{ "upload_allow": "1", "upload_obs": "Contrato Social" }"#,
                r#"{ "upload_allowed": "1", "upload_obs": "Contrato Social" }"#,
            ),
            (
                r#"{ "upload_allow": "0", "upload_obs": "Contrato Social" }"#,
                r#"{ "upload_allowed": "0", "upload_obs": "" }"#,
            ),
        ],
        &[
            (r#"{ "upload_allow": "2" }"#, "upload_allow: upload_allow is 0 or 1."),
            (r#"{ "upload_allow": "1" }"#, "upload_obs: upload_obs says which documents"),
            (r#"{ "upload_allow": "1", "upload_obs": " " }"#, "upload_obs: upload_obs says which documents"),
            (
                r#"{ "upload_allow": "1", "upload_obs": "<1001>" }"#,
                "upload_obs: upload_obs has at most 1000 characters.",
            ),
        ],
    ),
    rule(
        "after_position (opcional) Caso o seu documento esteja na fase \"Aguardando assinaturas\"",
        &[(r#"{ "after_position": "0" }"#, "{}"), (r#"{ "after_position": "" }"#, "{}")],
        &[
            (r#"{ "after_position": "first" }"#, "after_position: after_position is a whole number"),
            (r#"{ "after_position": "1" }"#, "after_position: Only a document that was sent has positions"),
        ],
    ),
    rule(
        "skipemail (opcional) Defina com o valor 1 para não enviar e-mails ao signatário",
        &[(r#"{ "skipemail": "1" }"#, r#"{ "skipemail": "1" }"#)],
        &[(r#"{ "skipemail": "maybe" }"#, "skipemail: skipemail is 0 or 1.")],
    ),
    rule(
        "whatsapp_number (opcional) Para enviar para o WhatsApp, digite o número no formato E.164.",
        &[(
            r#"{ "whatsapp_number": "+5511981876540" }"#,
            r#"{ "embed_methodauth": "whats", "embed_smsnumber": "+5511981876540" }"#,
        )],
        &[
            (r#"{ "whatsapp_number": "98187-6540" }"#, "whatsapp_number: A telephone number is written as"),
            (
                r#"{ "embed_smsnumber": "+5511953020202", "whatsapp_number": "+5511981876540" }"#,
                "whatsapp_number: A signer has one telephone number",
            ),
        ],
    ),
    rule(
        "uuid_grupo (opcional) Para cadastrar um grupo de assinaturas, insira o UUID do grupo.",
        &[(r#"{ "uuid_grupo": "" }"#, r#"{ "uuid_grupo": "" }"#)],
        &[
            (r#"{ "uuid_grupo": "jurídico" }"#, "uuid_grupo: uuid_grupo must be a UUID."),
            (
                r#"{ "uuid_grupo": "018715bc-054b-409f-b122-f683951e5460" }"#,
                "uuid_grupo: There is no such signing group.",
            ),
        ],
    ),
    rule(
        "certificadoicpbr_tipo (opcional) 1 = Qualquer certificado 2 = e-CPF 3 = e-CNPJ; _cpf, _cnpj (opcional)",
        &[(r#"{ "certificadoicpbr_tipo": "2", "certificadoicpbr_cpf": "CPF" }"#, r#"{ "certificadoicpbr": "0" }"#)],
        &[
            (
                r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "4" }"#,
                "certificadoicpbr_tipo: certificadoicpbr_tipo is 1, 2 or 3.",
            ),
            (
                r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "2", "certificadoicpbr_cpf": "11144477734" }"#,
                "certificadoicpbr_cpf: The check digits of this number are wrong.",
            ),
            (
                r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "3", "certificadoicpbr_cpf": "11144477735" }"#,
                "certificadoicpbr_cpf: certificadoicpbr_cpf needs certificadoicpbr_tipo 2.",
            ),
            (
                r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "2", "certificadoicpbr_cnpj": "11444777000161" }"#,
                "certificadoicpbr_cnpj: certificadoicpbr_cnpj needs certificadoicpbr_tipo 3.",
            ),
            (
                r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "3", "certificadoicpbr_cnpj": "11144477735" }"#,
                "certificadoicpbr_cnpj: certificadoicpbr_cnpj is a CNPJ.",
            ),
        ],
    ),
    rule(
        "password_code (opcional) Entre com um código para o acesso do signatário.",
        &[
            (r#"{ "password_code": "caneta azul" }"#, r#"{ "password_code": "caneta azul" }"#),
            (r#"{ "password_code": "" }"#, r#"{ "password_code": "" }"#),
        ],
        &[(r#"{ "password_code": "<101>" }"#, "password_code: password_code has at most 100 characters.")],
    ),
    rule(
        "auth_pix_nome, auth_pix_cpf Caso o auth_pix seja 1, o nome e o CPF do signatário serão obrigatórios",
        &[
            (
                r#"{ "auth_pix": "1", "auth_pix_nome": "Ana", "auth_pix_cpf": "111.444.777-35" }"#,
                r#"{ "auth_pix": "1", "user_name": "Ana" }"#,
            ),
            (r#"{ "auth_pix": "0", "auth_pix_nome": "Ana", "auth_pix_cpf": "1" }"#, r#"{ "auth_pix": "0" }"#),
        ],
        &[
            (r#"{ "auth_pix": "sim" }"#, "auth_pix: auth_pix is 0 or 1."),
            (r#"{ "auth_pix": "1", "auth_pix_cpf": "11144477735" }"#, "auth_pix_nome: auth_pix_nome is required"),
            (r#"{ "auth_pix": "1", "auth_pix_nome": "Ana" }"#, "auth_pix_cpf: auth_pix_cpf is required"),
            (
                r#"{ "auth_pix": "1", "auth_pix_nome": "Ana", "auth_pix_cpf": "11144477734" }"#,
                "auth_pix_cpf: The check digits of this number are wrong.",
            ),
            (
                r#"{ "auth_pix": "1", "auth_pix_nome": "Ana", "auth_pix_cpf": "11444777000161" }"#,
                "auth_pix_cpf: auth_pix_cpf is a CPF.",
            ),
        ],
    ),
    rule(
        "videoselfie Caso o videoselfie seja 1, o signatário deverá registrar uma vídeo selfie",
        &[
            (r#"{ "videoselfie": "1" }"#, r#"{ "videoselfie": "1" }"#),
            (r#"{ "videoselfie": "0" }"#, r#"{ "videoselfie": "0" }"#),
        ],
        &[(r#"{ "videoselfie": "2" }"#, "videoselfie: videoselfie is 0 or 1.")],
    ),
    rule(
        "d4sign_score (opcional) Só será aceita se docauthandselfie =1 ou videoselfie = 1.",
        &[
            (r#"{ "docauthandselfie": "1", "<score>": "90" }"#, r#"{ "d4sign_score": "1", "docauthandselfie": "1" }"#),
            (r#"{ "videoselfie": "1", "<score>": "90" }"#, r#"{ "d4sign_score": "1", "videoselfie": "1" }"#),
            (r#"{ "d4sign_score": "0", "d4sign_score_similarity": "90" }"#, r#"{ "d4sign_score": "0" }"#),
        ],
        &[
            (r#"{ "d4sign_score": "2" }"#, "d4sign_score: d4sign_score is 0 or 1."),
            (r#"{ "<score>": "90" }"#, "d4sign_score: d4sign_score needs docauthandselfie or videoselfie."),
            (
                r#"{ "docauth": "1", "<score>": "90" }"#,
                "d4sign_score: d4sign_score needs docauthandselfie or videoselfie.",
            ),
        ],
    ),
    rule(
        "d4sign_score_nome, d4sign_score_cpf Caso o d4sign_score seja 1, o nome e o CPF serão obrigatórios",
        &[(r#"{ "videoselfie": "1", "<score>": "70" }"#, r#"{ "d4sign_score": "1", "user_name": "Ana" }"#)],
        &[
            (
                r#"{ "videoselfie": "1", "<score>": "70", "d4sign_score_nome": "" }"#,
                "d4sign_score_nome: d4sign_score_nome is required",
            ),
            (
                r#"{ "videoselfie": "1", "<score>": "70", "d4sign_score_cpf": "" }"#,
                "d4sign_score_cpf: d4sign_score_cpf is required",
            ),
            (
                r#"{ "videoselfie": "1", "<score>": "70", "d4sign_score_cpf": "11144477734" }"#,
                "d4sign_score_cpf: The check digits of this number are wrong.",
            ),
        ],
    ),
    rule(
        "d4sign_score_similarity Nível de similaridade exigida - min 70 - max 90",
        &[
            (r#"{ "videoselfie": "1", "<score>": "70" }"#, r#"{ "d4sign_score": "1" }"#),
            (r#"{ "videoselfie": "1", "<score>": 90 }"#, r#"{ "d4sign_score": "1" }"#),
        ],
        &[
            (r#"{ "videoselfie": "1", "<score>": "69" }"#, "d4sign_score_similarity: <70 to 90>"),
            (r#"{ "videoselfie": "1", "<score>": "91" }"#, "d4sign_score_similarity: <70 to 90>"),
            (r#"{ "videoselfie": "1", "<score>": "80.5" }"#, "d4sign_score_similarity: <70 to 90>"),
            (r#"{ "videoselfie": "1", "<score>": "" }"#, "d4sign_score_similarity: <70 to 90>"),
        ],
    ),
];
