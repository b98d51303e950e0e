using Tenon.Core;
using Tenon.Network.Policies;

namespace Tenon.Network.SecurityGroups;

/// <summary>A rule with the group that has it.</summary>
/// <param name="GroupKey">The <see cref="DesiredGroup.Key"/> of the group.</param>
/// <param name="Rule">The rule.</param>
public sealed record GroupRule(string GroupKey, DesiredRule Rule);

/// <summary>One call that brings the cloud's security groups nearer to the desired ones.</summary>
public abstract record GroupChange
{
    private GroupChange()
    {
    }

    /// <summary>Makes groups, in one call. Neutron gives each two rules that let everything out.</summary>
    /// <param name="Groups">Their keys and titles.</param>
    public sealed record CreateGroups(EquatableArray<DesiredGroup> Groups) : GroupChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"create security groups {string.Join(", ", Groups.Select(g => $"\"{g.Title}\""))}";
    }

    /// <summary>Makes rules of one group, in one call.</summary>
    /// <param name="Rules">The rules.</param>
    public sealed record CreateRules(EquatableArray<GroupRule> Rules) : GroupChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"create {Rules.Count} security group rules in {Rules[0].GroupKey}";
    }

    /// <summary>Deletes a rule.</summary>
    /// <param name="GroupKey">The group that has it.</param>
    /// <param name="RuleId">The rule.</param>
    public sealed record DeleteRule(string GroupKey, string RuleId) : GroupChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"delete security group rule {RuleId} of {GroupKey}";
    }

    /// <summary>Deletes a group that no port has.</summary>
    /// <param name="GroupKey">Its key.</param>
    /// <param name="GroupId">The group.</param>
    public sealed record DeleteGroup(string GroupKey, string GroupId) : GroupChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"delete security group {GroupId} ({GroupKey})";
    }
}
