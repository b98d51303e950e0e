using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Fields;

/// <summary>One attribute of a resource as Octavia has it.</summary>
internal sealed record Field<T>(string Name, Func<T, object?> Read)
{
    /// <summary>How it is given; null where it is not.</summary>
    public Func<string, JsonNode?, object?>? Parse { get; init; }

    public bool Post { get; init; } = true;

    public bool Put { get; init; } = true;

    public bool Required { get; init; }

    /// <summary>What a missing one becomes when creating.</summary>
    public object? Default { get; init; }

    /// <summary>Part of requests only.</summary>
    public bool Hidden { get; init; }

    /// <summary>Whether this resource shows it.</summary>
    public Func<T, bool>? Shown { get; init; }

    /// <summary>Whether lists may be filtered by it.</summary>
    public bool Filter { get; init; } = true;

    /// <summary>Whether lists may be ordered by it.</summary>
    public bool Sort { get; init; } = true;

    /// <summary>Given only inside a whole tree.</summary>
    public bool TreeOnly { get; init; }
}

/// <summary>A resource's fields, how a body is read, how one is written.</summary>
internal sealed class OctaviaType<T> where T : OctaviaResource
{
    private readonly FrozenDictionary<string, Field<T>> _byName;

    /// <summary>States what a type is.</summary>
    /// <param name="singular">The name of one in bodies.</param>
    /// <param name="plural">The name of many in bodies.</param>
    /// <param name="argument">The name that Octavia's messages give the whole request.</param>
    /// <param name="fields">The fields.</param>
    public OctaviaType(string singular, string plural, string argument, params IEnumerable<Field<T>> fields)
    {
        Singular = singular;
        Plural = plural;
        Argument = argument;
        Fields = [.. fields];
        _byName = Fields.ToFrozenDictionary(f => f.Name);
    }

    public string Singular { get; }

    public string Plural { get; }

    public string Argument { get; }

    /// <summary>The member that carries a list's links; Octavia's profiles have an odd one.</summary>
    public string? Links { get; init; }

    public ImmutableArray<Field<T>> Fields { get; }

    public Field<T>? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The fields that all resources with a status have.</summary>
    public static IEnumerable<Field<T>> Common(bool description = true)
    {
        yield return new("id", r => r.Id);
        yield return new("name", r => r.Name) { Parse = Value.Text };
        if (description) yield return new("description", r => r.Description) { Parse = Value.Text };
        yield return new("provisioning_status", r => r.Provisioning);
        yield return new("operating_status", r => r.Operating);
        yield return new("admin_state_up", r => r.AdminStateUp) { Parse = Value.Boolean, Default = true };
        yield return new("project_id", r => r.ProjectId) { Parse = Value.Text, Put = false };
        yield return new("tenant_id", r => r.ProjectId) { Parse = Value.Text, Put = false };
        yield return new("created_at", r => Value.Time(r.CreatedAt));
        yield return new("updated_at", r => Value.Time(r.UpdatedAt));
        yield return new("tags", r => r.Tags) { Parse = Value.TextList, Filter = false };
    }

    /// <summary>The wrapped object of a request.</summary>
    public Input Read(ApiRequest request, bool create)
    {
        // Octavia unwraps first and looks later: what is not there has no attributes.
        return BodyOf(request, Argument)[Singular] is JsonObject given
            ? Read(given, create, tree: false, request.Body!)
            : throw OctaviaFaults.Crash($"'{(request.Body!.AsObject().ContainsKey(Singular) ? "NoneType" : "UnsetType")}' object has no attribute '{Fields[0].Name}'");
    }

    /// <summary>The body as an object.</summary>
    /// <param name="request">The request.</param>
    /// <param name="argument">The name that Octavia's messages give the whole of it.</param>
    public static JsonObject BodyOf(ApiRequest request, string argument)
    {
        try
        {
            return request.Body switch
            {
                JsonObject body => body,
                null => throw new ApiFault(400, $"Missing argument: \"{argument}\""),
                JsonNode other => throw OctaviaFaults.Crash($"'{(other is JsonArray ? "list" : "str")}' object has no attribute 'keys'"),
            };
        }
        catch (ApiFault fault) when (fault.Type == "MalformedBody")
        {
            throw new ApiFault(400, "Request is not in valid JSON format");
        }
    }

    /// <summary>Validates and converts one object.</summary>
    /// <param name="given">The object.</param>
    /// <param name="create">Whether it makes something new.</param>
    /// <param name="tree">Whether it is part of a whole tree.</param>
    /// <param name="whole">The whole request, for messages.</param>
    /// <param name="place">Where in the request the object stands, for messages.</param>
    public Input Read(JsonObject given, bool create, bool tree, JsonNode whole, string? place = null)
    {
        foreach ((string name, _) in given)
        {
            if (Find(name) is not { Parse: not null } field || !(create ? field.Post : field.Put) || (field.TreeOnly && !tree))
                throw new ApiFault(400, $"Unknown attribute for argument {place ?? $"{Argument}.{Singular}"}: {name}");
        }

        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (Field<T> field in Fields)
        {
            if (field.Parse is null || !(create ? field.Post : field.Put)) continue;
            bool present = given.TryGetPropertyValue(field.Name, out JsonNode? value);
            if (create && field.Required && !tree && value is null)
                throw OctaviaFaults.Missing(field.Name);
            if (present && (value is not null || !create)) values[field.Name] = value is null ? null : ParseOne(field, value, whole);
            else if (create && field.Default is { } otherwise) values[field.Name] = otherwise;
        }

        return new Input(values);
    }

    /// <summary>Writes one resource.</summary>
    public void Write(Utf8JsonWriter writer, T resource, IReadOnlyCollection<string> fields, IReadOnlyDictionary<string, Action<Utf8JsonWriter>?>? instead = null)
    {
        writer.WriteStartObject();
        foreach (Field<T> field in Fields)
        {
            if (field.Hidden || field.Shown?.Invoke(resource) == false || (fields.Count > 0 && !fields.Contains(field.Name))) continue;
            Action<Utf8JsonWriter>? other = null;
            if (instead is not null && instead.TryGetValue(field.Name, out other) && other is null) continue;
            writer.WritePropertyName(field.Name);
            if (other is not null) other(writer);
            else JsonOut.Write(writer, field.Read(resource));
        }

        writer.WriteEndObject();
    }

    private object? ParseOne(Field<T> field, JsonNode value, JsonNode whole)
    {
        try
        {
            return field.Parse!(field.Name, value);
        }
        catch (ApiFault fault) when (fault.Type == Value.Unconvertible)
        {
            throw OctaviaFaults.Field(Argument, Python.Repr(whole), fault.Message);
        }
    }
}
