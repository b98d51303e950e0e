using System.Diagnostics;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>The processes of a test cloud that is the tests' own (<c>tools/test-cloud/private</c>), which may therefore be killed.</summary>
internal static class CloudServices
{
    private const string ProcessFolder = "/run/testcloud/pids";

    /// <summary>Those whose death a cluster must survive.</summary>
    public static readonly IReadOnlyList<string> Mortal = ["neutron", "octavia-api", "octavia-driver-agent", "keystone", "nova-api", "ovn-northd", "mariadb"];

    /// <summary>Whether the cloud is of that kind.</summary>
    public static bool AreOurs => File.Exists(Path.Combine(ProcessFolder, "neutron"));

    /// <summary>Kills a service with all its workers, as a crash would: it gets no chance to finish anything.</summary>
    public static async Task KillAsync(string name)
    {
        string file = Path.Combine(ProcessFolder, name);
        string leader = (await File.ReadAllTextAsync(file, TestLife.Token)).Split(' ')[0];
        using Process kill = Process.Start("kill", ["-KILL", "--", $"-{leader}"]);
        await kill.WaitForExitAsync(TestLife.Token);
        kill.ExitCode.ShouldBe(0, $"{name} did not run");
    }

    /// <summary>Starts what is missing and returns when every API answers.</summary>
    public static async Task RestartAsync()
        => (await Tool.RunAsync(Path.Combine(Tool.Repository, "tools", "test-cloud", "up"), [])).ShouldEndWith(0);

    /// <summary>
    /// Sets what a project's load balancers are stuck in to ERROR, which only the cloud's operator can, in Octavia's database: a service that dies between
    /// taking a change and carrying it out leaves PENDING for ever.
    /// </summary>
    public static async Task FreeLoadBalancersAsync(string projectId)
    {
        string[] tables = ["load_balancer", "listener", "pool", "member", "health_monitor"];
        string sql = string.Concat(tables.Select(t => $"UPDATE {t} SET provisioning_status='ERROR' WHERE project_id='{projectId}' AND provisioning_status LIKE 'PENDING%';"));
        (await Tool.RunAsync("mariadb", ["--no-defaults", "--socket=/run/testcloud/mysqld.sock", "--user=root", "octavia", "-e", sql])).ShouldEndWith(0);
    }
}
