using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Image;

/// <summary>What an image's attributes may be; served under <c>/v2/schemas</c> and checked on create and update.</summary>
internal static class ImageSchema
{
    public static readonly string[] ReadOnly =
        ["status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "created_at", "updated_at", "self", "file", "schema", "stores", "direct_url"];

    private static readonly Dictionary<string, string?[]> Choices = new(StringComparer.Ordinal)
    {
        ["disk_format"] = [null, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"],
        ["container_format"] = [null, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"],
        ["visibility"] = ["community", "public", "private", "shared"],
    };

    private static readonly (string Name, string[] Types)[] Properties =
    [
        ("id", ["string"]), ("name", ["null", "string"]), ("status", ["string"]), ("visibility", ["string"]), ("protected", ["boolean"]), ("os_hidden", ["boolean"]),
        ("checksum", ["null", "string"]), ("os_hash_algo", ["null", "string"]), ("os_hash_value", ["null", "string"]), ("owner", ["null", "string"]),
        ("size", ["null", "integer"]), ("virtual_size", ["null", "integer"]), ("container_format", ["null", "string"]), ("disk_format", ["null", "string"]),
        ("created_at", ["string"]), ("updated_at", ["string"]), ("tags", ["array"]), ("min_ram", ["integer"]), ("min_disk", ["integer"]),
        ("self", ["string"]), ("file", ["string"]), ("schema", ["string"]), ("stores", ["string"]), ("kernel_id", ["null", "string"]), ("ramdisk_id", ["null", "string"]),
        ("architecture", ["string"]), ("os_distro", ["string"]), ("os_version", ["string"]), ("instance_uuid", ["string"]),
    ];

    /// <summary>Throws where an attribute is none of its choices.</summary>
    public static void Check(JsonObject body)
    {
        foreach ((string name, string?[] choices) in Choices)
        {
            if (!body.TryGetPropertyValue(name, out JsonNode? value) || choices.Contains(value?.ToString())) continue;
            string list = string.Join(", ", choices.Select(c => c is null ? "None" : $"'{c}'"));
            throw new ApiFault(400, $"Provided object does not match schema 'image': '{value}' is not one of [{list}]");
        }
    }

    public static JsonObject Image()
    {
        var properties = new JsonObject();
        foreach ((string name, string[] types) in Properties)
        {
            var property = new JsonObject { ["type"] = types.Length == 1 ? types[0] : JsonReading.Strings(types) };
            if (ReadOnly.Contains(name)) property["readOnly"] = true;
            if (Choices.TryGetValue(name, out string?[]? choices)) property["enum"] = new JsonArray([.. choices.Select(c => (JsonNode?)JsonValue.Create(c))]);
            if (name == "tags") property["items"] = new JsonObject { ["type"] = "string", ["maxLength"] = 255 };
            properties[name] = property;
        }

        return new JsonObject
        {
            ["name"] = "image",
            ["properties"] = properties,
            ["additionalProperties"] = new JsonObject { ["type"] = "string" },
            ["links"] = new JsonArray(
                new JsonObject { ["rel"] = "self", ["href"] = "{self}" },
                new JsonObject { ["rel"] = "enclosure", ["href"] = "{file}" },
                new JsonObject { ["rel"] = "describedby", ["href"] = "{schema}" }),
        };
    }

    public static JsonObject Images() => new()
    {
        ["name"] = "images",
        ["properties"] = new JsonObject
        {
            ["images"] = new JsonObject { ["type"] = "array", ["items"] = Image() },
            ["first"] = new JsonObject { ["type"] = "string" },
            ["next"] = new JsonObject { ["type"] = "string" },
            ["schema"] = new JsonObject { ["type"] = "string" },
        },
        ["links"] = new JsonArray(
            new JsonObject { ["rel"] = "first", ["href"] = "{first}" },
            new JsonObject { ["rel"] = "next", ["href"] = "{next}" },
            new JsonObject { ["rel"] = "describedby", ["href"] = "{schema}" }),
    };
}
