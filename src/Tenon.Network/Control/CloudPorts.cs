using System.Collections.Concurrent;
using Tenon.Network.Policies;
using Tenon.Network.Ports;
using Tenon.Network.SecurityGroups;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Control;

/// <summary>
/// The cluster's ports and security groups and the nodes' trunks: listed in bulk at the start, after a failure and now and then, and kept true by what
/// this process writes in between. One pass at a time uses it; the calls of a pass may run at once.
/// </summary>
/// <param name="ports">Ports.</param>
/// <param name="trunks">Trunks.</param>
/// <param name="groups">Security groups.</param>
/// <param name="mark">The description of what is the cluster's.</param>
internal sealed class CloudPorts(IPortClient ports, ITrunkClient trunks, ISecurityGroupClient groups, string mark)
{
    private ConcurrentDictionary<string, Port> _ports = [];
    private ConcurrentDictionary<string, SecurityGroup> _groups = [];
    private ConcurrentDictionary<string, Trunk> _trunks = [];
    private ConcurrentDictionary<string, string> _trunkOf = [];
    private Dictionary<string, Port> _parents = [];
    private bool? _hidesHosts;

    /// <summary>Whether something may be otherwise than is known.</summary>
    public bool IsStale { get; set; } = true;

    /// <summary>The cluster's ports.</summary>
    public IEnumerable<Port> Ports => _ports.Select(p => p.Value);

    /// <summary>A port of the cluster, or <see langword="null"/>.</summary>
    public Port? Find(string portId) => _ports.GetValueOrDefault(portId);

    /// <summary>The cluster's security groups.</summary>
    public IReadOnlyList<SecurityGroup> Groups => [.. _groups.Values];

    /// <summary>The trunks that can be seen.</summary>
    public IEnumerable<Trunk> Trunks => _trunks.Values;

    /// <summary>Those of some trunks that can be seen.</summary>
    public IEnumerable<Trunk> TrunksOf(IEnumerable<string> trunkIds) => trunkIds.Select(id => _trunks.GetValueOrDefault(id)).OfType<Trunk>();

    /// <summary>The ID of the trunk that a port is in.</summary>
    public string? TrunkOf(Port port) => _trunkOf.GetValueOrDefault(port.Id);

    /// <summary>The IDs of the security groups that some port has.</summary>
    public HashSet<string> UsedGroups() => [.. Ports.SelectMany(p => p.SecurityGroups)];

    /// <summary>The parents of trunks, by the machine that has them.</summary>
    public ILookup<string, Port> Parents => _parents.Values.ToLookup(p => p.DeviceId);

    /// <summary>The mark of the cluster's ports and groups.</summary>
    public string Mark => mark;

    /// <summary>Lists everything again.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        Task<Dictionary<string, Port>> ours = ToDictionaryAsync(ports.ListPortsAsync(new() { Description = mark }, cancellationToken), p => p.Id);
        Task<Dictionary<string, SecurityGroup>> made = ToDictionaryAsync(groups.ListSecurityGroupsAsync(new() { Description = mark }, cancellationToken), g => g.Id);
        await RefreshTrunksAsync(cancellationToken);
        _ports = new(await ours);
        _groups = new(await made);
        _hidesHosts = null;
        IsStale = false;
    }

    /// <summary>Whether the cloud does not show to which hosts ports are bound; asked once until everything is listed again.</summary>
    public async Task<bool> HidesHostsAsync(CancellationToken cancellationToken) => _hidesHosts ??= await NodeChecks.HidesHostsAsync(ports, cancellationToken);

    /// <summary>Lists trunks and their parents again: a node has come.</summary>
    public async Task RefreshTrunksAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, Trunk> all = await ToDictionaryAsync(trunks.ListTrunksAsync(new(), cancellationToken), t => t.Id);
        string[] unknown = [.. all.Values.Select(t => t.PortId)];
        _parents = unknown.Length == 0 ? [] : await ToDictionaryAsync(ports.ListPortsAsync(new() { Ids = [.. unknown] }, cancellationToken), p => p.Id);
        _trunks = new(all);
        _trunkOf = new(all.Values.SelectMany(t => t.SubPorts.Select(s => KeyValuePair.Create(s.PortId, t.Id))));
    }

    /// <summary>Makes security groups; what is made has Neutron's two rules that let everything out.</summary>
    public async Task ApplyAsync(GroupChange change, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case GroupChange.CreateGroups create:
                foreach (SecurityGroup made in await groups.CreateSecurityGroupsAsync([.. create.Groups.Select(g => new SecurityGroupCreate(GroupNames.Of(g), mark))], cancellationToken))
                    _groups[made.Id] = made;
                break;
            case GroupChange.CreateRules create:
                Dictionary<string, string> ids = GroupIds();
                SecurityGroupRuleCreate[] rules = [.. create.Rules.Select(r => RuleOf(r, ids)).OfType<SecurityGroupRuleCreate>()];
                if (rules.Length == 0) break;
                foreach (var made in (await groups.CreateSecurityGroupRulesAsync(rules, cancellationToken)).GroupBy(r => r.SecurityGroupId))
                    Change(made.Key, g => g with { Rules = [.. g.Rules, .. made] });
                break;
            case GroupChange.DeleteRule delete:
                await groups.DeleteSecurityGroupRuleAsync(delete.RuleId, cancellationToken);
                if (GroupIds().TryGetValue(delete.GroupKey, out string? owner)) Change(owner, g => g with { Rules = [.. g.Rules.Where(r => r.Id != delete.RuleId)] });
                break;
            case GroupChange.DeleteGroup delete:
                await groups.DeleteSecurityGroupAsync(delete.GroupId, cancellationToken);
                _groups.TryRemove(delete.GroupId, out _);
                break;
            default:
                throw new InvalidOperationException($"no way to carry out: {change}");
        }
    }

    /// <summary>The IDs of the groups by key; of two with one key the one that the planner keeps.</summary>
    public Dictionary<string, string> GroupIds()
        => _groups.Values.GroupBy(g => GroupNames.KeyOf(g.Name)).ToDictionary(g => g.Key, g => g.MinBy(o => o.Id, StringComparer.Ordinal)!.Id);

    /// <summary>Changes ports and trunks; PodPorts are not its business.</summary>
    public async Task ApplyAsync(PortChange change, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case PortChange.CreatePorts create:
                foreach (Port made in await ports.CreatePortsAsync(create.Ports, cancellationToken)) _ports[made.Id] = made;
                break;
            case PortChange.AddSubPorts add:
                Keep(await trunks.AddSubPortsAsync(add.TrunkId, add.SubPorts, cancellationToken));
                break;
            case PortChange.RemoveSubPorts remove:
                Keep(await trunks.RemoveSubPortsAsync(remove.TrunkId, remove.PortIds, cancellationToken));
                break;
            case PortChange.SetGroups set:
                Port port = await ports.UpdatePortAsync(set.PortId, new PortUpdate { SecurityGroups = set.Groups }, null, cancellationToken);
                _ports[port.Id] = port;
                break;
            case PortChange.DeletePort delete:
                await ports.DeletePortAsync(delete.PortId, cancellationToken);
                _ports.TryRemove(delete.PortId, out _);
                break;
            default:
                throw new InvalidOperationException($"no way to carry out: {change}");
        }
    }

    private void Keep(Trunk trunk)
    {
        foreach (SubPort gone in _trunks.GetValueOrDefault(trunk.Id)?.SubPorts ?? []) _trunkOf.TryRemove(gone.PortId, out _);
        foreach (SubPort there in trunk.SubPorts) _trunkOf[there.PortId] = trunk.Id;
        _trunks[trunk.Id] = trunk;
    }

    /// <summary>Changes what is known of a group. Rules of one group come and go in calls beside each other: none may undo another.</summary>
    private void Change(string groupId, Func<SecurityGroup, SecurityGroup> change)
    {
        while (_groups.TryGetValue(groupId, out SecurityGroup? group) && !_groups.TryUpdate(groupId, change(group), group))
        {
            // Somebody else was faster: once more, on what there is now.
        }
    }

    private static SecurityGroupRuleCreate? RuleOf(GroupRule rule, Dictionary<string, string> ids)
    {
        string? remote = rule.Rule.Remote is RuleRemote.Group group ? ids.GetValueOrDefault(group.Key) : null;
        if (rule.Rule.Remote is RuleRemote.Group && remote is null) return null;
        return new()
        {
            SecurityGroupId = ids[rule.GroupKey],
            Direction = rule.Rule.Direction == RuleDirection.Egress ? "egress" : "ingress",
            EtherType = rule.Rule.V6 ? "IPv6" : "IPv4",
            Protocol = rule.Rule.Protocol?.ToLowerInvariant(),
            PortRangeMin = rule.Rule.FirstPort,
            PortRangeMax = rule.Rule.LastPort,
            RemoteIpPrefix = (rule.Rule.Remote as RuleRemote.Prefix)?.Cidr,
            RemoteGroupId = remote,
        };
    }

    private static async Task<Dictionary<string, T>> ToDictionaryAsync<T>(IAsyncEnumerable<T> items, Func<T, string> idOf)
    {
        var all = new Dictionary<string, T>();
        await foreach (T item in items) all[idOf(item)] = item;
        return all;
    }
}
