using Tenon.OpenStack.Identity;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

/// <summary>Runs alone, because the time zone is the process's.</summary>
[CollectionDefinition(nameof(TimeZoneCollection), DisableParallelization = true)]
public sealed class TimeZoneCollection;

[Collection(nameof(TimeZoneCollection))]
public sealed class TokenTimeTests
{
    [Theory(Timeout = 20_000)]
    [InlineData("2026-11-21T07:06:20")]
    [InlineData("2026-11-21T07:06:20.000000Z")]
    public async Task A_tokens_end_is_UTC_wherever_the_program_runs(string end)
    {
        string? zone = Environment.GetEnvironmentVariable("TZ");
        try
        {
            Environment.SetEnvironmentVariable("TZ", "Asia/Tokyo");
            TimeZoneInfo.ClearCachedData();
            Assert.SkipWhen(TimeZoneInfo.Local.BaseUtcOffset == TimeSpan.Zero, "this machine knows no time zone but UTC");
            await using ScriptedCloud cloud = await ScriptedCloud.StartAsync();
            cloud.Keystone = (_, context) => ScriptedCloud.Answer(
                context, 201, $$"""{"token": {"issued_at": "2026-11-21T07:00:00.000000Z", "expires_at": "{{end}}", "user": {"id": "u"} } }""", ("X-Subject-Token", "t"));
            await using CloudClient client = cloud.Connect();
            AuthenticatedIdentity self = await client.Identity.GetSelfAsync(TestContext.Current.CancellationToken);
            self.ExpiresAt.ShouldBe(new DateTimeOffset(2026, 11, 21, 7, 6, 20, TimeSpan.Zero));
        }
        finally
        {
            Environment.SetEnvironmentVariable("TZ", zone);
            TimeZoneInfo.ClearCachedData();
        }
    }
}
