using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary>What people get wrong first: cloud.conf and the password.</summary>
[Trait("tier", "slow")]
public sealed class MistakeTests
{
    private const int Limit = 120_000;

    [Fact(Timeout = Limit)]
    public async Task A_broken_cloud_conf_ends_the_controller_with_every_problem_and_its_line()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-e2e-conf-").FullName;
        try
        {
            string file = Path.Combine(folder, "cloud.conf");
            await File.WriteAllTextAsync(file, "[Global]\nauth-url = not a url\nusername = me\npassword = hidden-word\n[LoadBalancer]\nmonitor-delay = soon\nenabled = perhaps\n", TestContext.Current.CancellationToken);
            Ended ended = (await Tool.TenonAsync("cloud-controller", "--cloud-config", file, "--secure-port", "0")).ShouldEndWith(2);
            foreach (string problem in new[] { "line 2", "line 6", "line 7", "auth-url", "monitor-delay", "enabled" }) ended.Errors.ShouldContain(problem);
            ended.Errors.ShouldNotContain("hidden-word");
            ended.Errors.ShouldNotContain("   at ");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_wrong_password_is_one_line_that_does_not_repeat_it()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        string[] lines = await File.ReadAllLinesAsync(world.CloudConf, TestContext.Current.CancellationToken);
        lines.Count(IsPassword).ShouldBe(1);
        await File.WriteAllLinesAsync(world.CloudConf, lines.Select(l => IsPassword(l) ? "password = \"wrong-word\"" : l), TestContext.Current.CancellationToken);
        Ended ended = (await world.TenonAsync("check")).ShouldEndWith(1);
        string all = ended.Output + ended.Errors;
        all.ShouldNotContain("wrong-word");
        all.ShouldNotContain("   at ");
        all.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(l => l.Contains("FAILED", StringComparison.Ordinal)).ShouldBe(1, all);
        all.ShouldContain("refuses the credentials");
    }

    private static bool IsPassword(string line) => line.StartsWith("password", StringComparison.OrdinalIgnoreCase);
}
