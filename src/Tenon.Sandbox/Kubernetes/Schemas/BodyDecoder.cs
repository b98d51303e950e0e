using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>Reads bodies against types: drops what the type does not have, and finds values of the wrong JSON type.</summary>
internal static class BodyDecoder
{
    /// <summary>Reads a whole object, in place.</summary>
    /// <param name="schema">Its type.</param>
    /// <param name="document">The object.</param>
    /// <param name="typed">Whether values must have the JSON type that the schema says, and null is the same as nothing (built-in kinds).</param>
    public static DecodeReport Decode(TypeSchema schema, JsonObject document, bool typed)
    {
        var pass = new Pass(typed);
        pass.Object(schema, document, string.Empty, root: true);
        return new([.. pass.Unknown], pass.Error);
    }

    private sealed class Pass(bool typed)
    {
        private readonly List<string> _dotted = [];
        private static readonly SearchValues<char> Base64Characters =
            SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n");

        private static readonly string[] MicroFormats = ["yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", "yyyy-MM-dd'T'HH:mm:ss.ffffffzzz"];

        private string _owner = string.Empty;

        public List<string> Unknown { get; } = [];

        public string? Error { get; private set; }

        public void Object(TypeSchema schema, JsonObject value, string path, bool root)
        {
            List<string>? dropped = null;
            foreach ((string name, JsonNode? child) in value)
            {
                if (!schema.Fields.TryGetValue(name, out FieldSchema? field))
                {
                    if (schema.PreserveUnknown || (root && name is "apiVersion" or "kind" or "metadata")) continue;
                    Unknown.Add(Join(path, name));
                    (dropped ??= []).Add(name);
                    continue;
                }

                if (child is null)
                {
                    if (typed || field.Type is { Nullable: false, Default: not null }) (dropped ??= []).Add(name);
                    continue;
                }

                string owner = _owner;
                _owner = ShortName(schema);
                _dotted.Add(name);
                Value(field.Type, child, Join(path, name));
                _dotted.RemoveAt(_dotted.Count - 1);
                _owner = owner;
            }

            if (dropped is null) return;
            foreach (string name in dropped) value.Remove(name);
        }

        private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

        private static string ShortName(TypeSchema schema) => schema.Name?[(schema.Name.LastIndexOf('.') + 1)..] ?? string.Empty;

        private void Value(TypeSchema type, JsonNode child, string path)
        {
            switch (type.Kind, child)
            {
                case (SchemaKind.Object, JsonObject value):
                    Object(type, value, path, root: type.Embedded);
                    break;
                case (SchemaKind.Map, JsonObject value):
                    foreach (string key in value.Where(i => i.Value is null).Select(i => i.Key).ToList())
                    {
                        if (typed && Zero(type.Items!) is JsonNode zero) value[key] = zero;
                        else if (typed) value.Remove(key);
                    }

                    foreach ((string key, JsonNode? item) in value)
                    {
                        if (item is not null) Value(type.Items!, item, Join(path, key));
                    }

                    break;
                case (SchemaKind.List, JsonArray value):
                    for (int i = 0; i < value.Count; i++)
                    {
                        JsonNode? item = value[i];
                        if (item is not null) Value(type.Items!, item, $"{path}[{i}]");
                        else if (typed) value[i] = Zero(type.Items!);
                    }

                    break;
                default:
                    if (typed) CheckScalar(type, child);
                    break;
            }
        }

        private static JsonNode? Zero(TypeSchema type) => type.Kind switch
        {
            SchemaKind.String => string.Empty,
            SchemaKind.Integer or SchemaKind.Number => 0,
            SchemaKind.Boolean => false,
            SchemaKind.Object or SchemaKind.Map => new JsonObject(),
            SchemaKind.List => new JsonArray(),
            _ => null,
        };

        private void CheckScalar(TypeSchema type, JsonNode child)
        {
            if (Error is not null) return;
            JsonValueKind json = child.GetValueKind();
            bool fits = type.Kind switch
            {
                SchemaKind.Any => true,
                SchemaKind.String => json == JsonValueKind.String,
                SchemaKind.Boolean => json is JsonValueKind.True or JsonValueKind.False,
                SchemaKind.Integer or SchemaKind.Number => json == JsonValueKind.Number,
                SchemaKind.IntOrString or SchemaKind.Quantity => json is JsonValueKind.String or JsonValueKind.Number,
                _ => false,
            };
            if (!fits)
            {
                Fail(Describe(json), type);
                return;
            }

            switch (type.Kind)
            {
                case SchemaKind.Integer or SchemaKind.IntOrString when json == JsonValueKind.Number:
                    bool whole = long.TryParse(child.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number);
                    if (!whole || (type.Format != "int64" && number is < int.MinValue or > int.MaxValue)) Fail($"number {child.ToJsonString()}", type);
                    break;
                case SchemaKind.Quantity when !Quantity.TryParse(child.ToString(), out _):
                    Error = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
                    break;
                case SchemaKind.String when type.Format == "byte" && Base64Problem(child.GetValue<string>()) is int at:
                    Error = $"illegal base64 data at input byte {at}";
                    break;
                case SchemaKind.String when type.IsMicroTime && !IsMicroTime(child.GetValue<string>()):
                    Error = $"parsing time \"{child.GetValue<string>()}\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"{Rest(child.GetValue<string>())}\" as \".000000\"";
                    break;
                case SchemaKind.String when type.Format == "date-time" && !IsTime(child.GetValue<string>()):
                    Error = $"parsing time \"{child.GetValue<string>()}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{child.GetValue<string>()}\" as \"2006\"";
                    break;
            }
        }

        private static int? Base64Problem(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            if (Base64.IsValid(bytes)) return null;
            int at = text.AsSpan().IndexOfAnyExcept(Base64Characters);
            return at < 0 ? text.Length : at;
        }

        private static bool IsTime(string text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

        private static bool IsMicroTime(string text)
            => DateTimeOffset.TryParseExact(text, MicroFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

        /// <summary>What follows the seconds of a time.</summary>
        private static string Rest(string text) => text.Length > 19 ? text[19..] : "";

        private static string Describe(JsonValueKind kind) => kind switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "bool",
            JsonValueKind.Array => "array",
            _ => "object",
        };

        private void Fail(string found, TypeSchema wanted) =>
            Error ??= $"json: cannot unmarshal {found} into Go struct field {_owner}.{string.Join('.', _dotted)} of type {GoType(wanted)}";

        private static string GoType(TypeSchema type) => type.Kind switch
        {
            SchemaKind.String => "string",
            SchemaKind.Integer => type.Format ?? "int64",
            SchemaKind.Number => "float64",
            SchemaKind.Boolean => "bool",
            SchemaKind.IntOrString => "intstr.IntOrString",
            SchemaKind.Quantity => "resource.Quantity",
            SchemaKind.List => $"[]{GoType(type.Items!)}",
            SchemaKind.Map => $"map[string]{GoType(type.Items!)}",
            SchemaKind.Object when type.Name is string name => string.Join('.', name.Split('.')[^2..]),
            _ => "interface {}",
        };
    }
}
