using System.Text.Json.Serialization;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Networking;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SecurityGroupsWire))]
[JsonSerializable(typeof(SecurityGroupRootWire))]
[JsonSerializable(typeof(SecurityGroupRulesWire))]
internal sealed partial class SecurityGroupJson : JsonSerializerContext;

internal sealed record SecurityGroupsWire(SecurityGroupWire[]? SecurityGroups, LinkWire[]? SecurityGroupsLinks) : IPage<SecurityGroupWire>
{
    IReadOnlyList<SecurityGroupWire> IPage<SecurityGroupWire>.Items => SecurityGroups ?? [];

    string? IPage<SecurityGroupWire>.NextLink => LinkWire.Next(SecurityGroupsLinks);
}

internal sealed record SecurityGroupRootWire(SecurityGroupWire? SecurityGroup);

internal sealed record SecurityGroupWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    public bool? Stateful { get; init; }

    public SecurityGroupRuleWire[]? SecurityGroupRules { get; init; }

    public string[]? Tags { get; init; }

    public int? RevisionNumber { get; init; }

    public SecurityGroup ToSecurityGroup() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        Stateful = Stateful ?? true,
        Rules = (SecurityGroupRules ?? []).Select(r => r.ToRule()).ToEquatableArray(),
        Tags = (Tags ?? []).ToEquatableArray(),
        Revision = RevisionNumber ?? 0,
    };
}

internal sealed record SecurityGroupRulesWire(SecurityGroupRuleWire[]? SecurityGroupRules, LinkWire[]? SecurityGroupRulesLinks)
    : IPage<SecurityGroupRuleWire>
{
    IReadOnlyList<SecurityGroupRuleWire> IPage<SecurityGroupRuleWire>.Items => SecurityGroupRules ?? [];

    string? IPage<SecurityGroupRuleWire>.NextLink => LinkWire.Next(SecurityGroupRulesLinks);
}

internal sealed record SecurityGroupRuleWire
{
    public string Id { get; init; } = "";

    public string? SecurityGroupId { get; init; }

    public string? Direction { get; init; }

    [JsonPropertyName("ethertype")]
    public string? EtherType { get; init; }

    public string? Protocol { get; init; }

    public int? PortRangeMin { get; init; }

    public int? PortRangeMax { get; init; }

    public string? RemoteIpPrefix { get; init; }

    public string? RemoteGroupId { get; init; }

    public string? Description { get; init; }

    public SecurityGroupRule ToRule() => new()
    {
        Id = Id,
        SecurityGroupId = SecurityGroupId ?? "",
        Direction = Direction ?? "ingress",
        EtherType = EtherType ?? "IPv4",
        Protocol = Protocol,
        PortRangeMin = PortRangeMin,
        PortRangeMax = PortRangeMax,
        RemoteIpPrefix = RemoteIpPrefix,
        RemoteGroupId = RemoteGroupId,
        Description = Description ?? "",
    };
}
