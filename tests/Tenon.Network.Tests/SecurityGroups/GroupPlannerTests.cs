using Tenon.Network.Policies;
using Tenon.Network.SecurityGroups;
using Tenon.Network.Tests.Policies;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Tests.SecurityGroups;

/// <summary>Security groups as Neutron keeps them, in memory: new groups let everything out, rules are unique, a group in use stays.</summary>
internal sealed class ModelGroups
{
    private int _next;

    public List<SecurityGroup> Groups { get; } = [];

    public void Apply(GroupChange change)
    {
        switch (change)
        {
            case GroupChange.CreateGroups create:
                foreach (DesiredGroup group in create.Groups)
                {
                    string id = $"g{++_next:0000}";
                    Groups.Add(new() { Id = id, Name = GroupNames.Of(group), Rules = [Out(id, "IPv4"), Out(id, "IPv6")] });
                }

                break;
            case GroupChange.CreateRules create:
                create.Rules.Select(r => r.GroupKey).Distinct().Count().ShouldBe(1, "Neutron takes the rules of one group in a call");
                foreach (GroupRule rule in create.Rules) Edit(rule.GroupKey, g => g with { Rules = [.. g.Rules, Written(g.Id, rule.Rule)] });
                break;
            case GroupChange.DeleteRule delete:
                Edit(delete.GroupKey, g => g with { Rules = [.. g.Rules.Where(r => r.Id != delete.RuleId)] });
                break;
            case GroupChange.DeleteGroup delete:
                Groups.RemoveAll(g => g.Id == delete.GroupId).ShouldBe(1);
                break;
        }
    }

    public int Settle(IReadOnlyCollection<DesiredGroup> desired)
    {
        int calls = 0;
        for (int pass = 0; ; pass++)
        {
            pass.ShouldBeLessThan(4);
            IReadOnlyList<GroupChange> plan = GroupPlanner.Plan(desired, Groups, _ => false);
            if (plan.Count == 0) return calls;
            calls += plan.Count;
            foreach (GroupChange change in plan) Apply(change);
        }
    }

    private SecurityGroupRule Out(string group, string family) => new() { Id = $"r{++_next:0000}", SecurityGroupId = group, Direction = "egress", EtherType = family };

    private SecurityGroupRule Written(string group, DesiredRule rule)
    {
        var made = new SecurityGroupRule
        {
            Id = $"r{++_next:0000}",
            SecurityGroupId = group,
            Direction = rule.Direction == RuleDirection.Egress ? "egress" : "ingress",
            EtherType = rule.V6 ? "IPv6" : "IPv4",
            Protocol = rule.Protocol?.ToLowerInvariant(),
            PortRangeMin = rule.FirstPort,
            PortRangeMax = rule.LastPort,
            RemoteIpPrefix = (rule.Remote as RuleRemote.Prefix)?.Cidr,
            RemoteGroupId = rule.Remote is RuleRemote.Group g ? Groups.First(o => GroupNames.KeyOf(o.Name) == g.Key).Id : null,
        };
        Groups.Single(g => g.Id == group).Rules.Any(r => r with { Id = made.Id } == made).ShouldBeFalse("Neutron refuses a rule twice");
        return made;
    }

    private void Edit(string key, Func<SecurityGroup, SecurityGroup> edit)
    {
        int i = Groups.FindIndex(g => GroupNames.KeyOf(g.Name) == key);
        Groups[i] = edit(Groups[i]);
    }
}

public sealed class GroupPlannerTests
{
    private static readonly DesiredRule s_in80 = new(RuleDirection.Ingress, false, "TCP", 80, 80, new RuleRemote.Group("cluster"));

    [Fact]
    public void New_groups_are_made_in_one_call_and_the_rules_of_each_in_another()
    {
        var cloud = new ModelGroups();
        DesiredGroup[] desired = [.. PolicyCompiler.Compile(new RandomWorld(7).World).Groups];
        IReadOnlyList<GroupChange> plan = GroupPlanner.Plan(desired, [], _ => false);
        plan[0].ShouldBeOfType<GroupChange.CreateGroups>().Groups.Count.ShouldBe(desired.Length);
        plan.Skip(1).ShouldAllBe(c => c is GroupChange.CreateRules);
        plan.Skip(1).Cast<GroupChange.CreateRules>().Select(c => c.Rules[0].GroupKey).ShouldBeUnique();
        cloud.Settle(desired);
    }

    [Fact]
    public void What_is_too_much_goes_after_what_is_missing()
    {
        var cloud = new ModelGroups();
        cloud.Settle([new("cluster", "all pods", []), new("identity:1", "one", [])]);
        IReadOnlyList<GroupChange> plan = GroupPlanner.Plan([new("cluster", "all pods", [s_in80])], cloud.Groups, _ => false);
        plan.Select(p => p.GetType()).ShouldBe([typeof(GroupChange.CreateRules), typeof(GroupChange.DeleteGroup)]);
    }

    [Fact]
    public void A_group_that_a_port_has_stays()
    {
        var cloud = new ModelGroups();
        cloud.Settle([new("identity:1", "one", [])]);
        GroupPlanner.Plan([], cloud.Groups, _ => true).ShouldBeEmpty();
    }

    [Fact]
    public void Of_two_groups_that_a_lost_answer_left_one_goes()
    {
        var cloud = new ModelGroups();
        DesiredGroup[] desired = [new("cluster", "all pods", [s_in80])];
        cloud.Settle(desired);
        cloud.Apply(new GroupChange.CreateGroups([desired[0]]));
        GroupPlanner.Plan(desired, cloud.Groups, _ => false).ShouldHaveSingleItem().ShouldBeOfType<GroupChange.DeleteGroup>().GroupId.ShouldBe(cloud.Groups[1].Id);
    }

    [Fact]
    public void A_rule_to_a_group_of_others_is_not_ours_and_goes()
    {
        var group = new SecurityGroup
        {
            Id = "g1", Name = "cluster all pods", Rules = [new() { Id = "r1", SecurityGroupId = "g1", RemoteGroupId = "elsewhere" }],
        };
        GroupPlanner.Plan([new("cluster", "all pods", [])], [group], _ => false).ShouldBe([new GroupChange.DeleteRule("cluster", "r1")]);
    }

    [Fact]
    public void Any_sequence_of_worlds_settles_with_an_empty_plan()
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            var random = new RandomWorld(seed);
            var cloud = new ModelGroups();
            for (int change = 0; change < 8; change++)
            {
                cloud.Settle(PolicyCompiler.Compile(random.World).Groups);
                random.Change();
            }
        }
    }
}
