using System.Buffers;
using System.Text.Json;
using Tenon.Core;

namespace Tenon.OpenStack.Http;

/// <summary>Writes a request's JSON. Fields that are <see langword="null"/> or unset are left out, unless set to null.</summary>
internal sealed class JsonBody
{
    private readonly Utf8JsonWriter _writer;

    private JsonBody(Utf8JsonWriter writer) => _writer = writer;

    /// <summary><c>{"root": {…}}</c>.</summary>
    public static ReadOnlyMemory<byte> Of(string root, Action<JsonBody> fields)
        => Build(b => b.Object(root, fields));

    /// <summary><c>{"root": [{…}, …]}</c>.</summary>
    public static ReadOnlyMemory<byte> OfEach<T>(string root, IEnumerable<T> items, Action<JsonBody, T> fields)
        => Build(b => b.Objects(root, items, fields));

    /// <summary>A document whose root object has these fields.</summary>
    public static ReadOnlyMemory<byte> Build(Action<JsonBody> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            fields(new(writer));
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    public void Set(string name, string? value)
    {
        if (value is not null) _writer.WriteString(name, value);
    }

    /// <summary>A text that is left out when it is empty.</summary>
    public void SetUnlessEmpty(string name, string value)
    {
        if (value.Length > 0) _writer.WriteString(name, value);
    }

    public void Set(string name, int? value)
    {
        if (value is { } number) _writer.WriteNumber(name, number);
    }

    public void Set(string name, bool? value)
    {
        if (value is { } flag) _writer.WriteBoolean(name, flag);
    }

    /// <summary>A field of an update, sent when it is set.</summary>
    public void Update(string name, Optional<string> value) => SetNullable(name, value, Set);

    public void SetNullable(string name, Optional<string?> value) => SetNullable<string?>(name, value, Set);

    public void Update(string name, Optional<int> value) => SetNullable(name, value, (n, v) => Set(n, v));

    public void SetNullable(string name, Optional<int?> value) => SetNullable(name, value, Set);

    public void Update(string name, Optional<bool> value) => SetNullable(name, value, (n, v) => Set(n, v));

    /// <summary>Sends the value, JSON null, or nothing.</summary>
    public void SetNullable<T>(string name, Optional<T> value, Action<string, T> set)
    {
        if (!value.IsSet) return;
        if (value.Value is null) _writer.WriteNull(name);
        else set(name, value.Value);
    }

    /// <summary>An array of texts, left out when empty.</summary>
    public void SetUnlessEmpty(string name, EquatableArray<string> values)
    {
        if (!values.IsEmpty) Strings(name, values);
    }

    /// <summary>An array of texts.</summary>
    public void Strings(string name, IEnumerable<string> values)
    {
        _writer.WriteStartArray(name);
        foreach (string value in values) _writer.WriteStringValue(value);
        _writer.WriteEndArray();
    }

    public void Update(string name, Optional<EquatableArray<string>> values)
    {
        if (values.IsSet) Strings(name, values.Value);
    }

    /// <summary>An object of texts.</summary>
    public void Map(string name, EquatableArray<KeyValuePair<string, string>> values)
        => Object(name, b =>
        {
            foreach ((string key, string value) in values) b.Set(key, value);
        });

    public void Object(string name, Action<JsonBody> fields)
    {
        _writer.WriteStartObject(name);
        fields(this);
        _writer.WriteEndObject();
    }

    public void Objects<T>(string name, IEnumerable<T> items, Action<JsonBody, T> fields)
    {
        _writer.WriteStartArray(name);
        foreach (T item in items)
        {
            _writer.WriteStartObject();
            fields(this, item);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    /// <summary>Objects, left out when there is none.</summary>
    public void ObjectsUnlessEmpty<T>(string name, EquatableArray<T> items, Action<JsonBody, T> fields)
    {
        if (!items.IsEmpty) Objects(name, items, fields);
    }
}
