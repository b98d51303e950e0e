using Tenon.EndToEnd.Tests.Cloud.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>The table of policies by itself: it must be able to tell a policy in place from the one before.</summary>
public sealed class PolicyTableTests
{
    [Fact]
    public void Rows_that_follow_each_other_expect_different_things()
    {
        string[] names = ["web", "db", "job", "cat", "dog", "vm"];
        string[] expected = [.. PolicyTable.Rows.Select(row => string.Concat(
            from one in names from other in names where one != other from port in PolicyRow.Ports.Keys select row.Passes(one, other, port) ? '1' : '0'))];
        PolicyTable.Rows.Length.ShouldBeGreaterThanOrEqualTo(30);
        Enumerable.Range(1, expected.Length - 1).Where(i => expected[i] == expected[i - 1]).Select(i => PolicyTable.Rows[i].Name).ShouldBeEmpty();
    }
}
