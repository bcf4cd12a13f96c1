package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

public class Hello implements RequestHandler<Hello.Order, Map<String, Object>> {
  public enum Size { SMALL, LARGE }

  public static class Order {
    private int number;
    private List<Item> items;
    public Size size;

    public int getNumber() { return number; }
    public void setNumber(int number) { this.number = number; }
    public List<Item> getItems() { return items; }
    public void setItems(List<Item> items) { this.items = items; }
  }

  public record Item(String name, double price) {}

  public Map<String, Object> handleRequest(Order order, Context context) {
    context.getLogger().log("logged by " + context.getFunctionName());
    System.out.println("printed");
    if (order.getNumber() < 0) throw new IllegalStateException("no luck", new IOException("deeper"));
    Map<String, Object> answer = new TreeMap<>();
    answer.put("first", order.getItems().get(0).name() + " \u00fc \"" + order.size + "\"\n");
    answer.put("left", context.getRemainingTimeInMillis() > 0);
    answer.put("order", order);
    return answer;
  }

  public void stream(InputStream in, OutputStream out, Context context) throws IOException {
    out.write('[');
    in.transferTo(out);
    out.write(']');
  }
}
