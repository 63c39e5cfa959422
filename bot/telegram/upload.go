package telegram

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"headgoose/bot/chat"
)

const photoName = "photo.png"

// upload sends a message with a photo or a document.
func (a *Adapter) upload(ctx context.Context, chatID int64, m chat.Message) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	var sent *models.Message
	var err error
	if m.Photo != nil {
		sent, err = a.lib.SendPhoto(ctx, &bot.SendPhotoParams{
			ChatID: chatID, Caption: m.Text, DisableNotification: m.Quiet, ReplyMarkup: markup(m),
			Photo: &models.InputFileUpload{Filename: photoName, Data: bytes.NewReader(m.Photo)},
		})
	} else {
		sent, err = a.lib.SendDocument(ctx, &bot.SendDocumentParams{
			ChatID: chatID, Caption: m.Text, DisableNotification: m.Quiet, ReplyMarkup: markup(m),
			Document: &models.InputFileUpload{Filename: m.Document.Name, Data: bytes.NewReader(m.Document.Body)},
			// a sheet stays a file, whatever it looks like
			DisableContentTypeDetection: true,
		})
	}
	if err != nil {
		return 0, a.libraryError(err)
	}
	return int64(sent.ID), nil
}

// replaceMedia edits a message's photo or document and its caption.
func (a *Adapter) replaceMedia(ctx context.Context, chatID, messageID int64, m chat.Message) error {
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	var media models.InputMedia
	if m.Photo != nil {
		media = &models.InputMediaPhoto{
			Media: "attach://" + photoName, Caption: m.Text, MediaAttachment: bytes.NewReader(m.Photo),
		}
	} else {
		media = &models.InputMediaDocument{
			Media: "attach://" + m.Document.Name, Caption: m.Text, MediaAttachment: bytes.NewReader(m.Document.Body),
			DisableContentTypeDetection: true,
		}
	}
	_, err := a.lib.EditMessageMedia(ctx, &bot.EditMessageMediaParams{
		ChatID: chatID, MessageID: int(messageID), Media: media, ReplyMarkup: inlineButtons(m.Buttons),
	})
	return a.libraryError(err)
}

// Download implements chat.Platform. Telegram itself gives out at most 20 MB.
func (a *Adapter) Download(ctx context.Context, fileID string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	file, err := a.lib.GetFile(ctx, &bot.GetFileParams{FileID: fileID})
	if err != nil {
		return nil, a.libraryError(err)
	}
	if file.FileSize > limit {
		return nil, tooBig(limit)
	}
	return a.client.fetch(ctx, file.FilePath, limit)
}

// fetch gets a file by its path on the server. The address holds the token, so
// the library's FileDownloadLink and http.Client are not used.
func (c *client) fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	req := &http.Request{
		Method: http.MethodGet, URL: c.address("/file/bot" + c.token + "/" + strings.TrimLeft(path, "/")), Host: c.root.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"User-Agent": {"headgoose"}},
	}
	resp, err := c.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, c.sendError(false, c.mask("fetch", err))
	}
	defer drain(resp.Body)
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, c.sendError(false, c.mask("fetch", err))
	case resp.StatusCode == http.StatusNotFound:
		return nil, &chat.SendError{Outcome: chat.Stale, Err: errors.New("the file is gone")}
	case resp.StatusCode != http.StatusOK:
		return nil, c.refused(body)
	case int64(len(body)) > limit:
		return nil, tooBig(limit)
	}
	return body, nil
}

// SetCommands implements chat.Platform. The menu is only a hint: whoever types
// a command that is not in it is still heard.
func (a *Adapter) SetCommands(ctx context.Context, lang string, commands []chat.Command) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	menu := make([]models.BotCommand, len(commands))
	for i, c := range commands {
		menu[i] = models.BotCommand{Command: c.Name, Description: c.Help}
	}
	_, err := a.lib.SetMyCommands(ctx, &bot.SetMyCommandsParams{Commands: menu, LanguageCode: lang})
	return a.libraryError(err)
}

// libraryError finds the outcome that libraryClient gave a failure. What is
// the library's own came after the call (it could not read the result).
func (a *Adapter) libraryError(err error) error {
	if err == nil {
		return nil
	}
	var se *chat.SendError
	if errors.As(err, &se) {
		return se
	}
	return a.client.sendError(true, a.client.mask("the library", err))
}

func tooBig(limit int64) error {
	return &chat.SendError{Outcome: chat.TooBig, Err: fmt.Errorf("a file of over %d bytes", limit)}
}
