package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// paramType is a parameter's type in the Bot API's table.
type paramType uint8

const (
	pString paramType = iota
	pInt
	pBool
	pChat // Integer or String
	pFile // InputFile or String
	pJSON // an object or an array, or its JSON text
)

var paramTypeNames = [...]string{"String", "Integer", "Boolean", "Integer or String", "InputFile or String", "JSON"}

func (t paramType) String() string { return paramTypeNames[t] }

// param is one parameter of a method.
type param struct {
	name     string
	typ      paramType
	required bool
}

// accepts refuses a value of the wrong type. A form carries text only, so
// there the text decides; JSON says its type, and strict mode holds it to it.
func (p *param) accepts(a *arg, lenient bool) *apiError {
	wrong := badRequestType(p)
	if !lenient && !p.typ.allows(a.kind) {
		return wrong
	}
	switch p.typ {
	case pInt:
		if _, err := strconv.ParseInt(a.text, 10, 64); err != nil {
			return wrong
		}
	case pBool:
		switch strings.ToLower(a.text) {
		case "true", "false", "1", "0":
		default:
			return wrong
		}
	case pJSON:
		if a.kind != argJSON && a.text != "" && !json.Valid([]byte(a.text)) {
			return badRequest("can't parse %s JSON object", p.name)
		}
	}
	return nil
}

func badRequestType(p *param) *apiError {
	return badRequest("parameter %q must be of type %v", p.name, p.typ)
}

// allows tells whether strict mode takes a JSON value of kind k.
func (t paramType) allows(k argKind) bool {
	if k == argForm {
		return true
	}
	switch t {
	case pInt:
		return k == argNumber
	case pBool:
		return k == argBool
	case pChat:
		return k == argNumber || k == argString
	case pJSON:
		return k == argJSON || k == argString
	}
	return k == argString
}

// method is one entry of the table. run returns the result as JSON; neither a
// result nor an error means that nobody is there to be answered.
type method struct {
	name   string
	params []param
	run    func(*call) ([]byte, *apiError)
}

func (m *method) param(name string) *param {
	for i := range m.params {
		if m.params[i].name == name {
			return &m.params[i]
		}
	}
	return nil
}

func req(typ paramType, names ...string) []param { return paramList(typ, true, names) }
func opt(typ paramType, names ...string) []param { return paramList(typ, false, names) }

func paramList(typ paramType, required bool, names []string) []param {
	list := make([]param, len(names))
	for i, n := range names {
		list[i] = param{name: n, typ: typ, required: required}
	}
	return list
}

// Parameters that several methods share.
var (
	sendParams = slices.Concat(req(pChat, "chat_id"), opt(pBool, "disable_notification", "protect_content"),
		opt(pJSON, "reply_parameters", "reply_markup"))
	editParams    = slices.Concat(req(pChat, "chat_id"), req(pInt, "message_id"), opt(pJSON, "reply_markup"))
	captionParams = slices.Concat(opt(pString, "caption", "parse_mode"), opt(pJSON, "caption_entities"))
	scopeParams   = slices.Concat(opt(pJSON, "scope"), opt(pString, "language_code"))
)

// methods is the table of what is offered, by lower-case name: the Bot API
// does not mind the case. Inline messages (edited by inline_message_id) are
// not offered, so an edit's chat and message are required here.
var methods = methodTable(
	method{"getMe", nil, (*call).getMe},
	method{"getUpdates", slices.Concat(opt(pInt, "offset", "limit", "timeout"), opt(pJSON, "allowed_updates")), (*call).getUpdates},
	method{"setWebhook", slices.Concat(req(pString, "url"), opt(pString, "secret_token"), opt(pInt, "max_connections"),
		opt(pJSON, "allowed_updates"), opt(pBool, "drop_pending_updates")), (*call).setWebhook},
	method{"deleteWebhook", opt(pBool, "drop_pending_updates"), (*call).deleteWebhook},
	method{"getWebhookInfo", nil, (*call).getWebhookInfo},
	method{"sendMessage", slices.Concat(req(pString, "text"), sendParams, opt(pString, "parse_mode"),
		opt(pJSON, "entities", "link_preview_options")), (*call).sendMessage},
	method{"sendPhoto", slices.Concat(req(pFile, "photo"), sendParams, captionParams), (*call).sendPhoto},
	method{"sendDocument", slices.Concat(req(pFile, "document"), sendParams, captionParams,
		opt(pBool, "disable_content_type_detection")), (*call).sendDocument},
	method{"sendChatAction", slices.Concat(req(pChat, "chat_id"), req(pString, "action")), (*call).sendChatAction},
	method{"editMessageText", slices.Concat(editParams, req(pString, "text"), opt(pString, "parse_mode"),
		opt(pJSON, "entities", "link_preview_options")), (*call).editMessageText},
	method{"editMessageCaption", slices.Concat(editParams, captionParams), (*call).editMessageCaption},
	method{"editMessageMedia", slices.Concat(editParams, req(pJSON, "media")), (*call).editMessageMedia},
	method{"editMessageReplyMarkup", editParams, (*call).editMessageReplyMarkup},
	method{"deleteMessage", slices.Concat(req(pChat, "chat_id"), req(pInt, "message_id")), (*call).deleteMessage},
	method{"answerCallbackQuery", slices.Concat(req(pString, "callback_query_id"), opt(pString, "text"),
		opt(pBool, "show_alert"), opt(pInt, "cache_time")), (*call).answerCallbackQuery},
	method{"getFile", req(pString, "file_id"), (*call).getFile},
	method{"setMyCommands", slices.Concat(req(pJSON, "commands"), scopeParams), (*call).setMyCommands},
	method{"getMyCommands", scopeParams, (*call).getMyCommands},
	method{"deleteMyCommands", scopeParams, (*call).deleteMyCommands},
	method{"setMyDescription", opt(pString, "description", "language_code"), (*call).setMyDescription},
	method{"getMyDescription", opt(pString, "language_code"), (*call).getMyDescription},
	method{"setMyShortDescription", opt(pString, "short_description", "language_code"), (*call).setMyShortDescription},
	method{"getMyShortDescription", opt(pString, "language_code"), (*call).getMyShortDescription},
	method{"getChat", req(pChat, "chat_id"), (*call).getChat},
	method{"getChatMember", slices.Concat(req(pChat, "chat_id"), req(pInt, "user_id")), (*call).getChatMember},
)

func methodTable(list ...method) map[string]*method {
	table := make(map[string]*method, len(list))
	for i := range list {
		table[strings.ToLower(list[i].name)] = &list[i]
	}
	return table
}

// Methods lists the Bot API methods that are offered, in alphabetical order.
func Methods() []string {
	var names []string
	for _, m := range methods {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return names
}
