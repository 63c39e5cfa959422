package bot

import (
	"headgoose/bot/chat"
	"headgoose/bot/text"
)

// Menus lists the commands for the platform's menu, by language; "" is what
// people of another language see. The menu only shows: every command asks for
// itself who may.
func (b *Bot) Menus() map[string][]chat.Command {
	menus := map[string][]chat.Command{}
	for _, lang := range text.Languages {
		voice := b.texts.In(lang)
		var menu []chat.Command
		for _, c := range b.table() {
			if !c.hidden {
				menu = append(menu, chat.Command{Name: c.name, Help: voice.Say("help." + c.name)})
			}
		}
		menus[lang] = menu
	}
	menus[""] = menus[b.conf.Lang]
	return menus
}
