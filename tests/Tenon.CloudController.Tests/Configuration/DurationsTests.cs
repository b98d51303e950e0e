using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Tests.Configuration;

public class DurationsTests
{
    [Theory]
    [InlineData("5s", 5_000)]
    [InlineData("300ms", 300)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("1h2m3s4ms", 3_723_004)]
    [InlineData("0", 0)]
    [InlineData("5", 5_000)]
    [InlineData("-1s", -1_000)]
    public void A_duration_is_read_as_go_reads_it(string text, double milliseconds)
    {
        Durations.TryParse(text, out TimeSpan duration).ShouldBeTrue();
        duration.TotalMilliseconds.ShouldBe(milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5 seconds")]
    [InlineData("5d")]
    [InlineData("1m30")]
    [InlineData("..5s")]
    [InlineData("9999999999999h")]
    public void What_is_no_duration_is_refused(string text) => Durations.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("5s")]
    [InlineData("1m30s")]
    [InlineData("250ms")]
    [InlineData("2h")]
    [InlineData("0s")]
    public void Formatting_gives_back_what_was_read(string text)
    {
        Durations.TryParse(text, out TimeSpan duration).ShouldBeTrue();
        Durations.Format(duration).ShouldBe(text);
    }
}
