//! Every word and member that the reference of either format lists, with the documented additions of
//! Turn.io and other providers. Those that come in nearly every body stand first.

/// Of a Cloud body. `gs_app_id` is Gupshup's.
pub(super) fn is_of_root(key: &str) -> bool {
    matches!(key, "object" | "entry" | "gs_app_id")
}

/// Of an entry.
pub(super) fn is_of_entry(key: &str) -> bool {
    matches!(key, "id" | "changes" | "time" | "changed_fields")
}

/// Of a change.
pub(super) fn is_of_change(key: &str) -> bool {
    matches!(key, "field" | "value")
}

/// Of the value of a `messages` change and of a flat body; their lists of items come on top.
pub(super) fn is_of_body(key: &str) -> bool {
    matches!(key, "messaging_product" | "metadata" | "conversation_context" | "user_actions" | "recipient_id")
        // Providers' additions.
        || matches!(
            key,
            "brand_msisdn" | "business_phone" | "gs_app_id" | "merchant_phone" | "request_id" | "user_contact" | "username"
        )
}

/// Of a contact; `input` and `status` where it is the result of a contact check.
pub(super) fn is_of_contact(key: &str) -> bool {
    matches!(key, "profile" | "wa_id" | "user_id" | "parent_user_id" | "identity_key_hash" | "input" | "status")
}

/// Of a message, `type` aside; most are the content of a type.
pub(super) fn is_of_message(key: &str) -> bool {
    matches!(key, "from" | "id" | "timestamp" | "text" | "context" | "from_user_id" | "from_parent_user_id")
        || matches!(
            key,
            "audio" | "button" | "contacts" | "document" | "image" | "interactive" | "location" | "order"
                | "reaction" | "sticker" | "system" | "video" | "voice"
        )
        || matches!(
            key,
            "edit" | "errors" | "from_logical_id" | "group_id" | "identity" | "origin" | "referral" | "revoke"
                | "unsupported"
        )
        // Turn.io's copies of what the business sent, and providers' additions.
        || matches!(key, "to" | "_vnd" | "cost" | "from_bsuid" | "source")
}

/// Of a status, `status` aside.
pub(super) fn is_of_status(key: &str) -> bool {
    matches!(key, "id" | "timestamp" | "recipient_id" | "conversation" | "pricing" | "errors" | "type" | "message")
        || matches!(
            key,
            "biz_opaque_callback_data" | "group_id" | "payment" | "recipient_identity_key_hash" | "recipient_type"
                | "recipient_user_id" | "recipient_parent_user_id" | "template_id"
        )
        || matches!(
            key,
            "recipient_participant_id" | "recipient_participant_user_id" | "recipient_participant_parent_user_id"
        )
        // Spellings of Meta's own examples.
        || matches!(key, "parent_recipient_user_id" | "parent_user_id" | "participant_recipient_id")
        // Providers' additions.
        || matches!(key, "costs" | "gs_id")
}

/// Of an error.
pub(super) fn is_of_error(key: &str) -> bool {
    matches!(key, "code" | "title" | "message" | "error_data" | "details" | "href")
}

/// Types of messages.
pub(super) fn is_message_type(word: &str) -> bool {
    matches!(
        word,
        "text"
            | "image"
            | "interactive"
            | "audio"
            | "button"
            | "document"
            | "location"
            | "order"
            | "reaction"
            | "sticker"
            | "video"
            | "voice"
            | "contacts"
            | "system"
            | "unsupported"
            | "unknown"
    ) || matches!(word, "edit" | "ephemeral" | "media_placeholder" | "request_welcome" | "revoke")
}

/// Words of statuses, those of payments aside.
pub(super) fn is_status(word: &str) -> bool {
    matches!(word, "sent" | "delivered" | "read" | "failed" | "played" | "deleted" | "warning" | "sending")
}

/// Fields of changes. `platform-event` is Gupshup's.
pub(super) fn is_field(word: &str) -> bool {
    word == "messages"
        || matches!(
            word,
            "account_alerts"
                | "account_review_update"
                | "account_settings_update"
                | "account_update"
                | "automatic_events"
                | "business_capability_update"
                | "business_status_update"
                | "business_username_update"
                | "business_username_updates"
                | "calls"
                | "flows"
                | "group_lifecycle_update"
                | "group_participant_update"
                | "group_participants_update"
                | "group_settings_update"
                | "group_status_update"
                | "history"
                | "message_echoes"
                | "message_template_components_update"
                | "message_template_quality_update"
                | "message_template_status_update"
                | "messaging_handovers"
                | "partner_solutions"
                | "payment_configuration_update"
                | "phone_number_name_update"
                | "phone_number_quality_update"
                | "platform-event"
                | "security"
                | "smb_app_state_sync"
                | "smb_message_echoes"
                | "standby"
                | "template_category_update"
                | "template_correct_category_detection"
                | "tracking_events"
                | "user_id_update"
                | "user_preferences"
        )
}
