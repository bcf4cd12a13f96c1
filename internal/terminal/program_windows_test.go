package terminal

func program(string) {}
