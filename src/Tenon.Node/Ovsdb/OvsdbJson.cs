using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Tenon.Nodes.Ovsdb;

[JsonSerializable(typeof(JsonObject))]
internal sealed partial class OvsdbJson : JsonSerializerContext;
