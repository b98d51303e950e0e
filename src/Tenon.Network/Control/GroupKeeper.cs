using Microsoft.Extensions.Logging;
using Tenon.Network.Policies;
using Tenon.Network.SecurityGroups;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Control;

/// <summary>
/// Makes the security groups as policies want them: what is missing before any port is given them, what is too much after every port that can be was moved.
/// </summary>
/// <param name="options">How long groups that no port has are kept.</param>
/// <param name="cloud">The groups.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Takes what is kept.</param>
internal sealed partial class GroupKeeper(NetworkOptions options, CloudPorts cloud, TimeProvider time, ILogger logger)
{
    private const int MaxPasses = 3;

    private readonly Dictionary<string, DateTimeOffset> _unused = [];
    private bool _short;

    /// <summary>Whether groups wait to be let go.</summary>
    public bool HasUnused => _unused.Count > 0;

    /// <summary>Makes the groups and rules that are missing, and has new groups without more than that before any port is given them.</summary>
    /// <returns>The keys of the groups that are not as they should be, apart from what is too much in those that are in use.</returns>
    public async Task<HashSet<string>> GrowAsync(CompiledPolicies compiled, Attempts attempts, CancellationToken cancellationToken)
    {
        var used = new Lazy<HashSet<string>>(cloud.UsedGroups);
        for (int pass = 0; ; pass++)
        {
            Dictionary<string, string> ids = cloud.GroupIds();
            GroupChange[] grow = [.. GroupPlanner.Plan(compiled.Groups, cloud.Groups, _ => true).Where(c => c switch
            {
                GroupChange.CreateGroups or GroupChange.CreateRules => true,
                GroupChange.DeleteRule delete => !used.Value.Contains(ids[delete.GroupKey]),
                _ => false,
            })];
            GroupChange[] left = [.. grow.Where(c => attempts.Left(c) is not null)];
            _short &= grow.Any(c => c is GroupChange.CreateGroups);
            if (left.Length == 0 || pass == MaxPasses) return left.Length == grow.Length && pass == MaxPasses ? [] : [.. grow.SelectMany(KeysOf)];
            await MakeGroupsAsync([.. left.OfType<GroupChange.CreateGroups>().SelectMany(c => c.Groups)], attempts, cancellationToken);
            ids = cloud.GroupIds();
            await attempts.EachAsync(left.Where(c => c is GroupChange.DeleteRule || (c is GroupChange.CreateRules create && ids.ContainsKey(create.Rules[0].GroupKey))),
                c => cloud.ApplyAsync(c, cancellationToken));
        }
    }

    /// <summary>Takes away what is too much: rules of groups in use, and groups that no port has.</summary>
    /// <param name="compiled">What should be.</param>
    /// <param name="unready">The keys of the groups that are not yet as they should be.</param>
    /// <param name="attempts">The pass.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task ShrinkAsync(CompiledPolicies compiled, HashSet<string> unready, Attempts attempts, CancellationToken cancellationToken)
    {
        var used = new Lazy<HashSet<string>>(cloud.UsedGroups);
        GroupChange[] shrink = [.. GroupPlanner.Plan(compiled.Groups, cloud.Groups, id => used.Value.Contains(id) || !IsOverdue(id))];
        foreach (string id in _unused.Keys.Where(id => used.Value.Contains(id) || !cloud.Groups.Any(g => g.Id == id)).ToArray()) _unused.Remove(id);

        // Some ports still have groups of before: what lets them through goes when they have moved.
        bool moving = unready.Count > 0 || attempts.Failed.Any(f => f.Change is Ports.PortChange.SetGroups);
        HashSet<string> before = moving ? [.. used.Value.Except(cloud.GroupIds().Where(i => compiled.Groups.Any(g => g.Key == i.Key)).Select(i => i.Value))] : [];
        Dictionary<string, SecurityGroupRule> rules = before.Count == 0 ? [] : cloud.Groups.SelectMany(g => g.Rules).ToDictionary(r => r.Id);
        await attempts.EachAsync(shrink.OfType<GroupChange.DeleteRule>().Where(d => !IsInDoubt(d, attempts) && !(rules.GetValueOrDefault(d.RuleId)?.RemoteGroupId is { } remote && before.Contains(remote))),
            c => cloud.ApplyAsync(c, cancellationToken));
        await attempts.EachAsync(shrink.OfType<GroupChange.DeleteGroup>(), c => DeleteAsync(c, cancellationToken));
    }

    /// <summary>One call for all; where there is no room for all of them, one by one what there is room for.</summary>
    private async Task MakeGroupsAsync(DesiredGroup[] groups, Attempts attempts, CancellationToken cancellationToken)
    {
        if (groups.Length == 0) return;
        bool single = _short;
        _short = false;
        foreach (GroupChange.CreateGroups create in single ? groups.Select(g => new GroupChange.CreateGroups([g])) : [new([.. groups])])
        {
            if (await attempts.AskAsync(create, c => cloud.ApplyAsync(c, cancellationToken)) is not { } failure) continue;
            _short = Attempts.IsQuota(failure);
            attempts.Fail(_short ? new GroupChange.CreateGroups([.. groups.SkipWhile(g => g.Key != create.Groups[0].Key)]) : create, failure);
            if (_short) return;
        }
    }

    /// <summary>A group to which new rules could not be added, for a reason that passes, keeps the old ones as long. For one that does not, what is revoked is revoked.</summary>
    private static bool IsInDoubt(GroupChange.DeleteRule delete, Attempts attempts)
        => attempts.FailureOf(delete) is not null || attempts.FailureOfGroup(delete.GroupKey) is OpenStackException { IsTransient: true };

    private bool IsOverdue(string groupId)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_unused.TryAdd(groupId, now)) return options.GroupGrace <= TimeSpan.Zero || _short;
        return _short || now - _unused[groupId] >= options.GroupGrace;
    }

    private async Task DeleteAsync(GroupChange.DeleteGroup change, CancellationToken cancellationToken)
    {
        try
        {
            await cloud.ApplyAsync(change, cancellationToken);
        }
        catch (OpenStackException e) when (e.Kind is OpenStackErrorKind.Conflict or OpenStackErrorKind.Busy)
        {
            // Somebody gave the group to a port of theirs: it stays as long as they do.
            LogInUse(change, e.ServiceMessage);
        }
    }

    private static IEnumerable<string> KeysOf(GroupChange change) => change switch
    {
        GroupChange.CreateGroups create => create.Groups.Select(g => g.Key),
        GroupChange.CreateRules create => [create.Rules[0].GroupKey],
        GroupChange.DeleteRule delete => [delete.GroupKey],
        _ => [],
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "{Change}: kept, it is in use ({Message})")]
    private partial void LogInUse(GroupChange change, string message);
}
