using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Image;

/// <summary>An image: its attributes as JSON, and its bytes.</summary>
internal sealed class StoredImage
{
    private readonly JsonObject _json;

    public StoredImage(string id, string owner, DateTimeOffset now)
    {
        _json = new JsonObject
        {
            ["name"] = null,
            ["disk_format"] = null,
            ["container_format"] = null,
            ["visibility"] = "shared",
            ["size"] = null,
            ["virtual_size"] = null,
            ["status"] = "queued",
            ["checksum"] = null,
            ["protected"] = false,
            ["min_ram"] = 0,
            ["min_disk"] = 0,
            ["owner"] = owner,
            ["os_hidden"] = false,
            ["os_hash_algo"] = null,
            ["os_hash_value"] = null,
            ["id"] = id,
            ["created_at"] = Text.Seconds(now),
            ["updated_at"] = Text.Seconds(now),
            ["tags"] = new JsonArray(),
            ["self"] = $"/v2/images/{id}",
            ["file"] = $"/v2/images/{id}/file",
            ["schema"] = "/v2/schemas/image",
        };
        Id = id;
        Owner = owner;
    }

    public string Id { get; }

    public string Owner { get; }

    public byte[]? Data { get; private set; }

    public string Status => _json.String("status")!;

    public string Visibility => _json.String("visibility")!;

    public bool Protected => _json.Boolean("protected") == true;

    public JsonObject Render() => (JsonObject)_json.DeepClone();

    public void Set(string name, JsonNode? value) => _json[name] = value;

    public bool Remove(string name) => _json.Remove(name);

    public void Touch(DateTimeOffset now) => _json["updated_at"] = Text.Seconds(now);

    public void AddTag(string tag)
    {
        var tags = (JsonArray)_json["tags"]!;
        if (!tags.Any(t => (string?)t == tag)) tags.Add((JsonNode)tag);
    }

    public bool RemoveTag(string tag)
    {
        var tags = (JsonArray)_json["tags"]!;
        return tags.FirstOrDefault(t => (string?)t == tag) is { } found && tags.Remove(found);
    }

    [SuppressMessage("Security", "CA5351", Justification = "The API's checksum is MD5 by definition; nothing is protected by it.")]
    public void Store(byte[] data, DateTimeOffset now)
    {
        Data = data;
        _json["size"] = data.Length;
        _json["virtual_size"] = data.Length;
        _json["status"] = "active";
        _json["checksum"] = Convert.ToHexStringLower(MD5.HashData(data));
        _json["os_hash_algo"] = "sha512";
        _json["os_hash_value"] = Convert.ToHexStringLower(SHA512.HashData(data));
        _json["stores"] = "memory";
        Touch(now);
    }
}
