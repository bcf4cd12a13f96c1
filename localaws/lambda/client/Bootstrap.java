import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs a Java handler: speaks the Lambda Runtime API for it. It needs no library, only what the handler brings. */
public class Bootstrap {
  static final String BASE = "http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/";
  static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  static HttpResponse<byte[]> get(String path) throws Exception {
    return CLIENT.send(HttpRequest.newBuilder(URI.create(BASE + path)).build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  static void post(String path, byte[] body) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(BASE + path)).header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(body)).build();
    CLIENT.send(request, HttpResponse.BodyHandlers.discarding());
  }

  public static void main(String[] args) throws Exception {
    Handler handler;
    try {
      handler = new Handler(System.getenv("_HANDLER"));
    } catch (Throwable error) {
      post("init/error", failure(cause(error)));
      System.exit(1);
      return;
    }
    while (true) {
      HttpResponse<byte[]> next = get("invocation/next");
      Map<String, String> headers = new LinkedHashMap<>();
      next.headers().map().forEach((name, values) -> headers.put(name.toLowerCase(), values.get(0)));
      String id = headers.get("lambda-runtime-aws-request-id");
      System.setProperty("com.amazonaws.xray.traceHeader", headers.getOrDefault("lambda-runtime-trace-id", ""));
      byte[] answer;
      String path;
      try {
        answer = handler.call(next.body(), headers);
        path = "/response";
      } catch (Throwable error) {
        answer = failure(cause(error));
        path = "/error";
      }
      System.out.flush();
      post("invocation/" + id + path, answer);
    }
  }

  static Throwable cause(Throwable error) {
    return error instanceof InvocationTargetException && error.getCause() != null ? error.getCause() : error;
  }

  /** Logs an error and returns it in the form in which Lambda answers it. */
  static byte[] failure(Throwable error) {
    StringWriter text = new StringWriter();
    error.printStackTrace(new PrintWriter(text));
    System.out.print(error.getMessage() + ": " + error.getClass().getName() + "\n" + text);
    System.out.flush();
    StringBuilder json = new StringBuilder();
    Json.write(json, describe(error, 0));
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  static Map<String, Object> describe(Throwable error, int depth) {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("errorMessage", error.getMessage());
    value.put("errorType", error.getClass().getName());
    List<String> trace = new ArrayList<>();
    for (StackTraceElement frame : error.getStackTrace()) {
      if (!frame.getClassName().startsWith("Bootstrap") && !frame.getClassName().contains("reflect")) {
        trace.add(frame.toString());
      }
    }
    value.put("stackTrace", trace);
    if (error.getCause() != null && depth < 8) {
      value.put("cause", describe(error.getCause(), depth + 1));
    }
    return value;
  }

  /** A method of the user's, and what it wants to be called with. */
  static class Handler {
    final Method method;
    final Object target;

    Handler(String name) throws Exception {
      String[] parts = name.split("::", 2);
      Class<?> type;
      try {
        type = Class.forName(parts[0]);
      } catch (ClassNotFoundException error) {
        throw new ClassNotFoundException("Class not found: " + parts[0], error);
      }
      method = find(type, parts.length == 2 ? parts[1] : "handleRequest");
      target = Modifier.isStatic(method.getModifiers()) ? null : type.getConstructor().newInstance();
    }

    static Method find(Class<?> type, String name) throws NoSuchMethodException {
      Method found = null;
      for (Method method : type.getMethods()) {
        if (method.getName().equals(name) && !method.isBridge()
            && (found == null || method.getParameterCount() > found.getParameterCount())) {
          found = method;
        }
      }
      if (found == null) {
        throw new NoSuchMethodException(
            "No public method named " + name + " with appropriate method signature found on class " + type.getName());
      }
      found.setAccessible(true);
      return found;
    }

    byte[] call(byte[] event, Map<String, String> headers) throws Throwable {
      Type[] wanted = method.getGenericParameterTypes();
      Object[] arguments = new Object[wanted.length];
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      boolean streams = false;
      for (int i = 0; i < wanted.length; i++) {
        if (wanted[i] == InputStream.class) {
          arguments[i] = new ByteArrayInputStream(event);
        } else if (wanted[i] == OutputStream.class) {
          arguments[i] = out;
          streams = true;
        } else if (wanted[i].getTypeName().equals("com.amazonaws.services.lambda.runtime.Context")) {
          arguments[i] = context((Class<?>) wanted[i], headers);
        } else {
          arguments[i] = Json.convert(new Json(new String(event, StandardCharsets.UTF_8)).document(), wanted[i]);
        }
      }
      Object result = method.invoke(target, arguments);
      if (streams) {
        return out.toByteArray();
      }
      StringBuilder json = new StringBuilder();
      Json.write(json, result);
      return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    static Object context(Class<?> type, Map<String, String> headers) {
      long deadline = Long.parseLong(headers.get("lambda-runtime-deadline-ms"));
      InvocationHandler answers = (proxy, method, arguments) -> {
        switch (method.getName()) {
          case "getAwsRequestId": return headers.get("lambda-runtime-aws-request-id");
          case "getInvokedFunctionArn": return headers.get("lambda-runtime-invoked-function-arn");
          case "getFunctionName": return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
          case "getFunctionVersion": return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
          case "getLogGroupName": return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
          case "getLogStreamName": return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
          case "getMemoryLimitInMB": return Integer.parseInt(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
          case "getRemainingTimeInMillis": return (int) Math.max(0, deadline - System.currentTimeMillis());
          case "getLogger": return logger(method.getReturnType());
          case "toString": return "Context";
          case "hashCode": return System.identityHashCode(proxy);
          case "equals": return proxy == arguments[0];
          default: return null;
        }
      };
      return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, answers);
    }

    static Object logger(Class<?> type) {
      return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
        if (method.getName().equals("log")) {
          Object message = arguments[0];
          System.out.println(message instanceof byte[] ? new String((byte[]) message, StandardCharsets.UTF_8) : message);
        }
        return null;
      });
    }
  }

  /** Reads and writes JSON, and what handlers are given and give back. */
  static class Json {
    final String text;
    int at;

    Json(String text) {
      this.text = text;
    }

    Object document() {
      Object value = value();
      if (peek() != 0) throw wrong();
      return value;
    }

    IllegalArgumentException wrong() {
      return new IllegalArgumentException("This is not JSON at character " + at + ": " + text);
    }

    char peek() {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
      return at < text.length() ? text.charAt(at) : 0;
    }

    void take(String word) {
      if (!text.startsWith(word, at)) throw wrong();
      at += word.length();
    }

    Object value() {
      switch (peek()) {
        case '{': return object();
        case '[': return list();
        case '"': return string();
        case 't': take("true"); return true;
        case 'f': take("false"); return false;
        case 'n': take("null"); return null;
        default: return number();
      }
    }

    Map<String, Object> object() {
      Map<String, Object> members = new LinkedHashMap<>();
      at++;
      if (peek() == '}') { at++; return members; }
      while (true) {
        if (peek() != '"') throw wrong();
        String name = string();
        peek();
        take(":");
        members.put(name, value());
        if (peek() == '}') { at++; return members; }
        take(",");
      }
    }

    List<Object> list() {
      List<Object> elements = new ArrayList<>();
      at++;
      if (peek() == ']') { at++; return elements; }
      while (true) {
        elements.add(value());
        if (peek() == ']') { at++; return elements; }
        take(",");
      }
    }

    String string() {
      StringBuilder out = new StringBuilder();
      for (at++; at < text.length(); at++) {
        char c = text.charAt(at);
        if (c == '"') { at++; return out.toString(); }
        if (c != '\\') { out.append(c); continue; }
        if (++at == text.length()) break;
        int escape = "\"\\/bfnrt".indexOf(text.charAt(at));
        if (escape >= 0) {
          out.append("\"\\/\b\f\n\r\t".charAt(escape));
        } else if (text.charAt(at) == 'u' && at + 4 < text.length()) {
          out.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
          at += 4;
        } else {
          break;
        }
      }
      throw wrong();
    }

    Object number() {
      int from = at;
      while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
      try {
        BigDecimal number = new BigDecimal(text.substring(from, at));
        if (text.substring(from, at).matches("-?\\d{1,9}")) return number.intValue();
        if (text.substring(from, at).matches("-?\\d{1,18}")) return number.longValue();
        return number.doubleValue();
      } catch (NumberFormatException error) {
        throw wrong();
      }
    }

    static Object convert(Object value, Type wanted) throws Exception {
      if (wanted instanceof ParameterizedType) {
        ParameterizedType generic = (ParameterizedType) wanted;
        Class<?> raw = (Class<?>) generic.getRawType();
        Type[] arguments = generic.getActualTypeArguments();
        if (Map.class.isAssignableFrom(raw) && value instanceof Map) {
          Map<Object, Object> made = new LinkedHashMap<>();
          for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
            made.put(convert(entry.getKey(), arguments[0]), convert(entry.getValue(), arguments[1]));
          }
          return made;
        }
        if (Iterable.class.isAssignableFrom(raw) && value instanceof List) {
          Collection<Object> made = Set.class.isAssignableFrom(raw) ? new LinkedHashSet<>() : new ArrayList<>();
          for (Object element : (List<?>) value) made.add(convert(element, arguments[0]));
          return made;
        }
        return convert(value, raw);
      }
      if (!(wanted instanceof Class)) return value;
      Class<?> type = (Class<?>) wanted;
      if (value == null && type.isPrimitive()) return Array.get(Array.newInstance(type, 1), 0);
      if (value == null || type == Object.class || type.isInstance(value)) return value;
      if (type == String.class && !(value instanceof Map) && !(value instanceof List)) return value.toString();
      if (value instanceof Number || value instanceof String) {
        Object scalar = scalar(value, type);
        if (scalar != null) return scalar;
      }
      if (value instanceof Boolean && type == boolean.class) return value;
      if (type.isArray() && value instanceof List) {
        List<?> list = (List<?>) value;
        Object made = Array.newInstance(type.getComponentType(), list.size());
        for (int i = 0; i < list.size(); i++) Array.set(made, i, convert(list.get(i), type.getComponentType()));
        return made;
      }
      if (value instanceof Map) return bean((Map<?, ?>) value, type);
      throw new IllegalArgumentException("An error occurred during JSON parsing: no " + type.getName() + " can be made of " + value);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static Object scalar(Object value, Class<?> type) {
      String text = value.toString();
      if (type.isEnum()) return Enum.valueOf((Class<Enum>) type, text);
      if (type == int.class || type == Integer.class) return new BigDecimal(text).intValueExact();
      if (type == long.class || type == Long.class) return new BigDecimal(text).longValueExact();
      if (type == double.class || type == Double.class) return Double.valueOf(text);
      if (type == float.class || type == Float.class) return Float.valueOf(text);
      if (type == short.class || type == Short.class) return new BigDecimal(text).shortValueExact();
      if (type == byte.class || type == Byte.class) return new BigDecimal(text).byteValueExact();
      if (type == BigDecimal.class) return new BigDecimal(text);
      if (type == java.math.BigInteger.class) return new java.math.BigInteger(text);
      return null;
    }

    /** Fills an object by its setters and public fields, a record by its constructor. */
    static Object bean(Map<?, ?> members, Class<?> type) throws Exception {
      if (type.getSuperclass() != null && type.getSuperclass().getName().equals("java.lang.Record")) {
        Constructor<?> constructor = type.getDeclaredConstructors()[0];
        java.lang.reflect.Field[] fields = Arrays.stream(type.getDeclaredFields())
            .filter(field -> !Modifier.isStatic(field.getModifiers())).toArray(java.lang.reflect.Field[]::new);
        Object[] arguments = new Object[fields.length];
        for (int i = 0; i < fields.length; i++) arguments[i] = convert(members.get(fields[i].getName()), fields[i].getGenericType());
        constructor.setAccessible(true);
        return constructor.newInstance(arguments);
      }
      Constructor<?> constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      Object made = constructor.newInstance();
      for (Map.Entry<?, ?> entry : members.entrySet()) {
        String name = entry.getKey().toString();
        for (Method method : type.getMethods()) {
          if (method.getName().equalsIgnoreCase("set" + name) && method.getParameterCount() == 1 && !method.isBridge()) {
            method.setAccessible(true);
            method.invoke(made, convert(entry.getValue(), method.getGenericParameterTypes()[0]));
          }
        }
        for (java.lang.reflect.Field field : type.getFields()) {
          if (field.getName().equalsIgnoreCase(name) && !Modifier.isFinal(field.getModifiers())) {
            field.set(made, convert(entry.getValue(), field.getGenericType()));
          }
        }
      }
      return made;
    }

    static void write(StringBuilder out, Object value) {
      if (value == null || value instanceof Boolean) {
        out.append(value);
      } else if (value instanceof Number) {
        double number = ((Number) value).doubleValue();
        if (Double.isNaN(number) || Double.isInfinite(number)) quote(out, value.toString());
        else out.append(value);
      } else if (value instanceof Map) {
        members(out, (Map<?, ?>) value);
      } else if (value instanceof Iterable) {
        elements(out, (Iterable<?>) value);
      } else if (value.getClass().isArray()) {
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < Array.getLength(value); i++) list.add(Array.get(value, i));
        elements(out, list);
      } else if (value instanceof Enum) {
        quote(out, ((Enum<?>) value).name());
      } else if (value instanceof CharSequence || value instanceof Character || value.getClass().getName().startsWith("java.")) {
        quote(out, value.toString());
      } else {
        members(out, properties(value));
      }
    }

    static Map<String, Object> properties(Object bean) {
      Map<String, Object> found = new LinkedHashMap<>();
      boolean isRecord = bean.getClass().getSuperclass() != null && bean.getClass().getSuperclass().getName().equals("java.lang.Record");
      try {
        for (java.lang.reflect.Field field : isRecord ? bean.getClass().getDeclaredFields() : bean.getClass().getFields()) {
          if (Modifier.isStatic(field.getModifiers())) continue;
          field.setAccessible(true);
          found.put(field.getName(), field.get(bean));
        }
        for (Method method : bean.getClass().getMethods()) {
          String name = method.getName();
          int prefix = name.startsWith("get") ? 3 : name.startsWith("is") && method.getReturnType() == boolean.class ? 2 : 0;
          if (prefix == 0 || name.length() == prefix || method.getParameterCount() > 0 || Modifier.isStatic(method.getModifiers())
              || method.getDeclaringClass() == Object.class || method.isBridge()) continue;
          method.setAccessible(true);
          found.put(Character.toLowerCase(name.charAt(prefix)) + name.substring(prefix + 1), method.invoke(bean));
        }
      } catch (ReflectiveOperationException error) {
        throw new IllegalArgumentException("An error occurred during serialization of " + bean.getClass().getName(), cause(error));
      }
      return found;
    }

    static void members(StringBuilder out, Map<?, ?> values) {
      String separator = "{";
      for (Map.Entry<?, ?> entry : values.entrySet()) {
        out.append(separator);
        quote(out, String.valueOf(entry.getKey()));
        out.append(':');
        write(out, entry.getValue());
        separator = ",";
      }
      out.append(values.isEmpty() ? "{}" : "}");
    }

    static void elements(StringBuilder out, Iterable<?> values) {
      out.append('[');
      String separator = "";
      for (Object value : values) {
        out.append(separator);
        write(out, value);
        separator = ",";
      }
      out.append(']');
    }

    static void quote(StringBuilder out, String text) {
      out.append('"');
      for (char c : text.toCharArray()) {
        if (c == '"' || c == '\\') out.append('\\').append(c);
        else if (c == '\n') out.append("\\n");
        else if (c < ' ' || Character.isSurrogate(c)) out.append(String.format("\\u%04x", (int) c));
        else out.append(c);
      }
      out.append('"');
    }
  }
}
