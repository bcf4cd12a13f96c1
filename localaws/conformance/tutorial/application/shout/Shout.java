package tutorial;

public class Shout {
    public String handler(String name) {
        return Shared.capitalize(name).toUpperCase();
    }
}
