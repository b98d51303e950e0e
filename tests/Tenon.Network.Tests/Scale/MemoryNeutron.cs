using Tenon.Core;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Tests.Scale;

/// <summary>Neutron's ports, trunks and security groups without a wire, so that what is measured is the controller's own work. Its calls come beside each other.</summary>
internal sealed class MemoryNeutron : IPortClient, ITrunkClient, ISecurityGroupClient
{
    private readonly Lock _gate = new();
    private int _next;

    public Dictionary<string, Port> Ports { get; } = [];

    public Dictionary<string, Trunk> Trunks { get; } = [];

    public Dictionary<string, SecurityGroup> Groups { get; } = [];

    public List<string> Writes { get; } = [];

    public IAsyncEnumerable<Port> ListPortsAsync(PortQuery query, CancellationToken cancellationToken)
        => Ports.Values.Where(p => (query.Ids.IsEmpty || query.Ids.Contains(p.Id)) && (query.Description is null || query.Description == p.Description)).ToArray().ToAsyncEnumerable();

    public Task<EquatableArray<Port>> CreatePortsAsync(IReadOnlyCollection<PortCreate> ports, CancellationToken cancellationToken)
    {
        using Lock.Scope held = _gate.EnterScope();
        Port[] made = [.. ports.Select(p => new Port
        {
            Id = Id("port"), Name = p.Name ?? "", Description = p.Description ?? "", NetworkId = p.NetworkId, DeviceId = p.DeviceId ?? "", BindingHostId = p.BindingHostId,
            SecurityGroups = p.SecurityGroups.Value, MacAddress = $"fa:16:3e:00:00:{_next % 256:x2}", FixedIps = [new("subnet", $"10.0.{_next / 250}.{_next % 250}")],
        })];
        foreach (Port port in made) Ports[port.Id] = port;
        Writes.Add($"create {made.Length} ports");
        return Task.FromResult(made.ToEquatableArray());
    }

    public Task<Port> UpdatePortAsync(string portId, PortUpdate update, int? revision, CancellationToken cancellationToken)
    {
        using Lock.Scope held = _gate.EnterScope();
        Writes.Add("update port");
        return Task.FromResult(Ports[portId] = Ports[portId] with { SecurityGroups = update.SecurityGroups.Value });
    }

    public Task DeletePortAsync(string portId, CancellationToken cancellationToken)
    {
        using Lock.Scope held = _gate.EnterScope();
        Writes.Add("delete port");
        Ports.Remove(portId).ShouldBeTrue();
        return Task.CompletedTask;
    }

    public IAsyncEnumerable<Trunk> ListTrunksAsync(TrunkQuery query, CancellationToken cancellationToken) => Trunks.Values.ToArray().ToAsyncEnumerable();

    public Task<Trunk> AddSubPortsAsync(string trunkId, IReadOnlyCollection<SubPort> subPorts, CancellationToken cancellationToken)
    {
        using Lock.Scope held = _gate.EnterScope();
        Writes.Add($"add {subPorts.Count} subports");
        return Task.FromResult(Trunks[trunkId] = Trunks[trunkId] with { SubPorts = [.. Trunks[trunkId].SubPorts, .. subPorts] });
    }

    public Task<Trunk> RemoveSubPortsAsync(string trunkId, IReadOnlyCollection<string> portIds, CancellationToken cancellationToken)
    {
        using Lock.Scope held = _gate.EnterScope();
        Writes.Add($"remove {portIds.Count} subports");
        return Task.FromResult(Trunks[trunkId] = Trunks[trunkId] with { SubPorts = [.. Trunks[trunkId].SubPorts.Where(s => !portIds.Contains(s.PortId))] });
    }

    public IAsyncEnumerable<SecurityGroup> ListSecurityGroupsAsync(SecurityGroupQuery query, CancellationToken cancellationToken) => Groups.Values.ToArray().ToAsyncEnumerable();

    public Task<EquatableArray<SecurityGroup>> CreateSecurityGroupsAsync(IReadOnlyCollection<SecurityGroupCreate> groups, CancellationToken cancellationToken)
    {
        using Lock.Scope held = _gate.EnterScope();
        SecurityGroup[] made = [.. groups.Select(g => new SecurityGroup { Id = Id("group"), Name = g.Name, Description = g.Description })
            .Select(g => g with { Rules = [.. new[] { "IPv4", "IPv6" }.Select(f => new SecurityGroupRule { Id = Id("rule"), SecurityGroupId = g.Id, Direction = "egress", EtherType = f })] })];
        foreach (SecurityGroup group in made) Groups[group.Id] = group;
        Writes.Add($"create {made.Length} groups");
        return Task.FromResult(made.ToEquatableArray());
    }

    public Task<EquatableArray<SecurityGroupRule>> CreateSecurityGroupRulesAsync(IReadOnlyCollection<SecurityGroupRuleCreate> rules, CancellationToken cancellationToken)
    {
        using Lock.Scope held = _gate.EnterScope();
        SecurityGroupRule[] made = [.. rules.Select(r => new SecurityGroupRule
        {
            Id = Id("rule"), SecurityGroupId = r.SecurityGroupId, Direction = r.Direction, EtherType = r.EtherType, Protocol = r.Protocol,
            PortRangeMin = r.PortRangeMin, PortRangeMax = r.PortRangeMax, RemoteIpPrefix = r.RemoteIpPrefix, RemoteGroupId = r.RemoteGroupId,
        })];
        foreach (SecurityGroupRule rule in made) Groups[rule.SecurityGroupId] = Groups[rule.SecurityGroupId] with { Rules = [.. Groups[rule.SecurityGroupId].Rules, rule] };
        Writes.Add($"create {made.Length} rules");
        return Task.FromResult(made.ToEquatableArray());
    }

    public Task DeleteSecurityGroupRuleAsync(string ruleId, CancellationToken cancellationToken)
    {
        using Lock.Scope held = _gate.EnterScope();
        Writes.Add("delete rule");
        SecurityGroup group = Groups.Values.Single(g => g.Rules.Any(r => r.Id == ruleId));
        Groups[group.Id] = group with { Rules = [.. group.Rules.Where(r => r.Id != ruleId)] };
        return Task.CompletedTask;
    }

    public Task<Port?> GetPortAsync(string portId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Port> CreatePortAsync(PortCreate port, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Trunk?> GetTrunkAsync(string trunkId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Trunk> CreateTrunkAsync(TrunkCreate trunk, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DeleteTrunkAsync(string trunkId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<SecurityGroup?> GetSecurityGroupAsync(string securityGroupId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<SecurityGroup> CreateSecurityGroupAsync(SecurityGroupCreate group, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<SecurityGroup> UpdateSecurityGroupAsync(string securityGroupId, SecurityGroupUpdate update, int? revision, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DeleteSecurityGroupAsync(string securityGroupId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<SecurityGroupRule> ListSecurityGroupRulesAsync(SecurityGroupRuleQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

    private string Id(string kind) => $"{kind}-{++_next:000000}";
}
