package tutorial;

public class Greeting {
    public String handler(String name) {
        return "Hello, " + Shared.capitalize(name) + "!";
    }
}
